import type { Admin, Kafka, KafkaConfig, SASLOptions } from 'kafkajs'
import type {
  ConsumerHandlers,
  ConsumerOptions,
  KafkaClient,
  KafkaConsumer,
  KafkaProducer,
  TopicShape,
} from './kafka-client.ts'
import type { Compression, KafkaConnection } from './kafka-connection.ts'
import { fromKafka } from './kafka-error.ts'
import { KafkajsConsumer } from './kafkajs-consumer.ts'
import { KafkajsProducer } from './kafkajs-producer.ts'
import { kafkaLog } from './kafka-log.ts'

/** Five attempts within about ten seconds: then whoever waits is told, and tries again. */
const retry = { retries: 5, initialRetryTime: 200, maxRetryTime: 5_000 }
const connectionTimeout = 5_000
const requestTimeout = 30_000

/** Nothing is connected, and the package not loaded, before it is used. */
export const openKafkajs = (connection: KafkaConnection, compression: Compression = 'none'): KafkaClient =>
  new KafkajsClient(connection, compression)

class KafkajsClient implements KafkaClient {
  readonly #config: KafkaConfig
  #kafka: Promise<Kafka> | null = null
  readonly #compression: Compression
  #admin: Promise<Admin> | null = null

  constructor({ servers, clientId, tls, sasl, logger }: KafkaConnection, compression: Compression) {
    this.#config = {
      brokers: [...servers],
      clientId,
      connectionTimeout,
      requestTimeout,
      retry,
      logCreator: kafkaLog(logger),
      ...(tls ? { ssl: { ...tls } } : {}),
      ...(sasl ? { sasl: sasl as SASLOptions } : {}),
    }
    this.#compression = compression
  }

  async openProducer(): Promise<KafkaProducer> {
    return KafkajsProducer.open(await this.#load(), this.#compression)
  }

  async openConsumer(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<KafkaConsumer> {
    return KafkajsConsumer.open(await this.#load(), options, handlers)
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

  async createTopic(
    topic: string,
    { partitions, replicationFactor, settings = {} }: TopicShape,
  ): Promise<void> {
    const admin = await this.#openAdmin()
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }))
    try {
      await admin.createTopics({
        waitForLeaders: true,
        topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
      })
    } catch (cause) {
      throw fromKafka(cause, `Making the topic ${JSON.stringify(topic)}`)
    }
  }

  async close(): Promise<void> {
    const admin = await this.#admin?.catch(() => null)
    await admin?.disconnect()
  }

  /** Only who uses Kafka pays for its client. */
  #load(): Promise<Kafka> {
    this.#kafka ??= import('kafkajs').then(({ default: { Kafka } }) => new Kafka(this.#config))
    return this.#kafka
  }

  #openAdmin(): Promise<Admin> {
    this.#admin ??= this.#connectAdmin()
    return this.#admin
  }

  async #connectAdmin(): Promise<Admin> {
    const admin = (await this.#load()).admin()
    try {
      await admin.connect()
      return admin
    } catch (cause) {
      this.#admin = null
      throw fromKafka(cause, 'Connecting to Kafka')
    }
  }
}
