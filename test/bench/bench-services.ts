import type { KafkaBroker } from '../services/kafka-broker.ts'
import { startKafka, temporaryTopic } from '../support/kafka.ts'
import type { TemporaryTopic } from '../support/kafka.ts'

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

/** As it would run for long: with all of Java's compilers. */
const javaOptions = ['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-Djava.awt.headless=true']

const broker: () => Promise<KafkaBroker> = once(() => startKafka({ javaOptions }))

/** The topic of one run, and how to reach it. */
export async function benchTopic(): Promise<TemporaryTopic & { readonly address: string }> {
  const { servers } = await broker()
  return { ...(await temporaryTopic({ servers })), address: servers.address.PLAINTEXT }
}
