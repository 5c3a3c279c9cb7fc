import type { KafkaBroker } from '../services/kafka-broker.ts'
import { startKafka, temporaryTopic } from '../support/kafka.ts'
import type { TemporaryTopic } from '../support/kafka.ts'
import { topicEnd } from '../support/kafka-offsets.ts'
import { startPostgres } from '../support/postgres.ts'
import type { PostgresCluster } from '../services/postgres-cluster.ts'
import { searchSpace, startOpenSearch } from '../support/search.ts'
import type { SearchSpace } from '../support/search.ts'
import type { SearchNode } from '../services/search-node.ts'

const started: AsyncDisposable[] = []

/** A server that several scenarios need, started for the first of them. */
function once<T extends AsyncDisposable>(start: () => Promise<T>): () => Promise<T> {
  let server: Promise<T> | null = null
  return async () => {
    server ??= start().then((has) => (started.push(has), has))
    return server
  }
}

export async function stopServices(): Promise<void> {
  for (const server of started.splice(0)) await server[Symbol.asyncDispose]()
}

/** As it runs for a user: what is committed is on the disk. Nothing of its own comes between two runs. */
export const benchPostgres = (settings: Readonly<Record<string, string>> = {}): Promise<PostgresCluster> =>
  startPostgres({ major: 15, settings: { fsync: 'on', autovacuum: 'off', ...settings } })

/** As it would run for long: with all of Java's compilers. */
const javaOptions = ['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-Djava.awt.headless=true']

const broker: () => Promise<KafkaBroker> = once(() => startKafka({ javaOptions }))

/** The topic of one run, and how to reach it. */
export async function benchTopic(): Promise<
  TemporaryTopic & { readonly address: string; readonly messages: () => Promise<number> }
> {
  const { servers } = await broker()
  const topic = await temporaryTopic({ servers })
  const { PLAINTEXT: address } = servers.address
  return { ...topic, address, messages: () => topicEnd(servers, topic.name) }
}

/** With 1 GB it refused requests now and then, those of the bare client, too. */
const storeOptions = ['-XX:TieredStopAtLevel=4', '-Xms6g', '-Xmx6g']

const store: () => Promise<SearchNode> = once(() => startOpenSearch({}, storeOptions))

/** The part of a search store that one run has. */
export async function benchSpace(): Promise<SearchSpace> {
  const { url } = await store()
  return searchSpace(url)
}
