import { randomBytes } from 'node:crypto'
import { findKafka } from '../services/kafka-binaries.ts'
import { startBroker } from '../services/kafka-broker.ts'
import type { BrokerOptions, KafkaBroker } from '../services/kafka-broker.ts'
import { kafkaClient } from '../services/kafka-client.ts'
import { kafkaFromEnvironment } from '../services/kafka-servers.ts'
import type { KafkaServers } from '../services/kafka-servers.ts'
import { leftOpen } from './left-open.ts'
import { eventually } from './wait.ts'

/** The broker that `npm test` started, or that the environment names. */
export function kafkaServers(): KafkaServers {
  const servers = kafkaFromEnvironment()
  if (servers) return servers
  throw new Error(
    'This test needs a Kafka broker: run npm test, or npm test -- --services and set the variables that it prints.',
  )
}

export interface TemporaryTopic extends AsyncDisposable {
  readonly name: string
}

/** A topic of one test, on the broker of the run or on another. Disposing deletes it. */
export async function temporaryTopic(
  options: {
    servers?: KafkaServers
    partitions?: number
    /** The brokers of each partition, the one that leads it first; the one broker that there is if not given. */
    replicas?: readonly (readonly number[])[]
    /** Settings of the topic, such as `max.message.bytes`. */
    config?: Readonly<Record<string, string>>
    name?: string
  } = {},
): Promise<TemporaryTopic> {
  const { servers = kafkaServers(), replicas, config = {} } = options
  const partitions = replicas?.length ?? options.partitions ?? 1
  const where = replicas
    ? { replicaAssignment: replicas.map((brokers, partition) => ({ partition, replicas: [...brokers] })) }
    : { numPartitions: partitions, replicationFactor: 1 }
  const name = options.name ?? `test-${randomBytes(6).toString('hex')}`
  const admin = kafkaClient(servers).admin()
  try {
    await admin.connect()
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }))
    // to wait for leaders, kafkajs asks a broker that may not have heard of the topic yet
    await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic: name, ...where, configEntries }],
    })
    const isThere = async (): Promise<boolean> => {
      const { topics } = await admin.fetchTopicMetadata({ topics: [name] })
      if (topics[0]?.partitions.length !== partitions) return false
      // asks the leaders themselves: one that does not know yet makes a producer of kafkajs send to all of them again
      return (await admin.fetchTopicOffsets(name)).length === partitions
    }
    await eventually(isThere, { about: `The topic ${name}` })
  } finally {
    await admin.disconnect()
  }
  leftOpen.add(`topic ${name}`)
  return {
    name,
    [Symbol.asyncDispose]: async () => {
      await deleteTopic(servers, name)
      leftOpen.delete(`topic ${name}`)
    },
  }
}

/**
 * A broker of this test's own, to be stopped, killed or set otherwise (`settings` are lines of server.properties). It
 * dies with this process.
 */
export async function startKafka(options: BrokerOptions = {}): Promise<KafkaBroker> {
  const binaries = await findKafka().catch((cause: unknown) => {
    throw new Error('A broker of the tests needs Java and the jars of Kafka: test/README.md', { cause })
  })
  const broker = await startBroker(binaries, options)
  const what = `Kafka broker ${broker.servers.address.PLAINTEXT}`
  leftOpen.add(what)
  return {
    ...broker,
    [Symbol.asyncDispose]: async () => {
      await broker[Symbol.asyncDispose]()
      leftOpen.delete(what)
    },
  }
}

export async function deleteTopic(servers: KafkaServers, name: string): Promise<void> {
  const admin = kafkaClient(servers, 'PLAINTEXT', { retry: { retries: 2 } }).admin()
  try {
    await admin.connect()
    await admin.deleteTopics({ topics: [name] })
  } catch (error) {
    if (!isGone(error)) throw error
  } finally {
    await admin.disconnect()
  }
}

/** A broker of the test's own that is down keeps nothing, and a test may have deleted the topic itself. */
function isGone(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if ('code' in error && error.code === 'ECONNREFUSED') return true
  if ('type' in error && error.type === 'UNKNOWN_TOPIC_OR_PARTITION') return true
  return isGone(error.cause)
}
