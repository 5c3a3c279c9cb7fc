import { setTimeout as pause } from 'node:timers/promises'
import type { Admin, Kafka, KafkaConfig, SASLOptions } from 'kafkajs'
import { PgstreamError } from '../errors.ts'
import type {
  ConsumerHandlers,
  ConsumerOptions,
  KafkaClient,
  KafkaConsumer,
  KafkaProducer,
  TopicDescription,
  TopicShape,
} from './kafka-client.ts'
import type { Compression, KafkaConnection } from './kafka-connection.ts'
import { BatchProducer } from './batch-producer.ts'
import { FenceState } from './fence.ts'
import { fromKafka } from './kafka-error.ts'
import { KafkajsConsumer } from './kafkajs-consumer.ts'
import { describeTopic } from './kafkajs-topic.ts'
import { kafkaLog } from './kafka-log.ts'
import { KafkaSockets } from './kafka-sockets.ts'
import { KafkajsCluster } from './kafkajs-cluster.ts'
import { repairKafkajs } from './repair-kafkajs.ts'

/** Five attempts within about ten seconds: then whoever waits is told, and tries again. */
const retry = { retries: 5, initialRetryTime: 200, maxRetryTime: 5_000 }
const connectionTimeout = 5_000
/** Until every broker knows of a new topic. */
const mostMakingMs = 10_000
/** What a broker may take of the time that a request has. */
const brokersShare = 0.8

/** Nothing is connected, and the package not loaded, before it is used. */
export const openKafkajs = (connection: KafkaConnection, compression: Compression = 'none'): KafkaClient =>
  new KafkajsClient(connection, compression)

class KafkajsClient implements KafkaClient {
  readonly #config: KafkaConfig
  readonly #connection: KafkaConnection
  readonly #compression: Compression
  readonly #sockets = new KafkaSockets()
  readonly #fences = new FenceState()
  #admin: Promise<Admin> | null = null

  constructor(connection: KafkaConnection, compression: Compression) {
    const { servers, clientId, tls, sasl, requestTimeoutMs, logger } = connection
    this.#connection = connection
    this.#config = {
      brokers: [...servers],
      clientId,
      connectionTimeout,
      requestTimeout: requestTimeoutMs,
      retry,
      logCreator: kafkaLog(logger),
      ...(tls ? { ssl: { ...tls } } : {}),
      ...(sasl ? { sasl: sasl as SASLOptions } : {}),
    }
    this.#compression = compression
  }

  async openProducer(transactionalId?: string): Promise<KafkaProducer> {
    const { requestTimeoutMs, logger } = this.#connection
    const kafka = await this.#load(new KafkaSockets())
    const producer = new BatchProducer({
      open: () => new KafkajsCluster(kafka, this.#config),
      transactionalId,
      fences: this.#fences,
      compression: this.#compression,
      replicasMs: Math.round(requestTimeoutMs * brokersShare),
      logger,
    })
    await producer.connect()
    return producer
  }

  async openConsumer(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<KafkaConsumer> {
    const sockets = new KafkaSockets()
    const ends = options.startOffset === 'latest' ? await this.#ends(options) : null
    const from = ends === null ? ({ ...options, startOffset: 'earliest' } as const) : options
    return KafkajsConsumer.open(await this.#load(sockets), sockets, from, handlers, ends ?? new Map())
  }

  /**
   * Null for a group that has begun: a partition of which it has committed nothing came later, and what is in it was not read.
   */
  async #ends({ topic, groupId }: ConsumerOptions): Promise<Map<number, bigint> | null> {
    const admin = await this.#openAdmin()
    try {
      const ends = await admin.fetchTopicOffsets(topic)
      const [committed] = await admin.fetchOffsets({ groupId, topics: [topic] })
      if (committed?.partitions.some(({ offset }) => offset !== '-1')) return null
      return new Map(ends.map(({ partition, high }) => [partition, BigInt(high)]))
    } catch (cause) {
      throw fromKafka(cause, `Asking Kafka for the end of the topic ${JSON.stringify(topic)}`)
    }
  }

  async countPartitions(topic: string): Promise<number | null> {
    const admin = await this.#openAdmin()
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] })
      return topics[0]?.partitions.length ?? null
    } catch (cause) {
      if ((cause as { type?: string }).type === 'UNKNOWN_TOPIC_OR_PARTITION') return null
      throw fromKafka(cause, `Asking Kafka for the topic ${JSON.stringify(topic)}`)
    }
  }

  async describeTopic(topic: string): Promise<TopicDescription> {
    const admin = await this.#openAdmin()
    try {
      return await describeTopic(admin, topic)
    } catch (cause) {
      throw fromKafka(cause, `Asking Kafka for the topic ${JSON.stringify(topic)}`)
    }
  }

  async createTopic(topic: string, shape: TopicShape): Promise<void> {
    const { partitions: numPartitions, replicationFactor, settings = {} } = shape
    const admin = await this.#openAdmin()
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    try {
      // to wait for leaders, kafkajs asks a broker that may not have heard of the topic yet
      await admin.createTopics({
        waitForLeaders: false,
        topics: [{ topic, numPartitions, replicationFactor, configEntries }],
      })
    } catch (cause) {
      throw notMade(topic, cause)
    }
    await this.#untilThere(topic)
  }

  async #untilThere(topic: string): Promise<void> {
    const deadline = Date.now() + mostMakingMs
    while ((await this.countPartitions(topic)) === null && Date.now() < deadline) await pause(50)
  }

  async close(): Promise<void> {
    this.#sockets.breakOff('the connection was given up')
    const admin = await this.#admin?.catch(() => null)
    await admin?.disconnect()
  }

  /** Only who uses Kafka pays for its client. */
  async #load({ factory: socketFactory }: KafkaSockets): Promise<Kafka> {
    const { default: kafkajs } = await import('kafkajs')
    repairKafkajs()
    return new kafkajs.Kafka({ ...this.#config, socketFactory })
  }

  #openAdmin(): Promise<Admin> {
    this.#admin ??= this.#connectAdmin()
    return this.#admin
  }

  async #connectAdmin(): Promise<Admin> {
    const admin = (await this.#load(this.#sockets)).admin()
    try {
      await admin.connect()
      return admin
    } catch (cause) {
      this.#admin = null
      throw fromKafka(cause, 'Connecting to Kafka')
    }
  }
}

function notMade(topic: string, cause: unknown): PgstreamError {
  const error = fromKafka(cause, `Making the topic ${JSON.stringify(topic)}`)
  if (error.code !== 'PGSTREAM_KAFKA_TOPIC') return error
  const remedy =
    'Check PGSTREAM_KAFKA_TOPIC_PARTITIONS and PGSTREAM_KAFKA_TOPIC_REPLICATION_FACTOR, or make the topic beforehand.'
  return new PgstreamError(error.code, error.message, { cause, remedy })
}
