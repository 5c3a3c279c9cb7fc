import type { IHeaders, Kafka, Producer } from 'kafkajs'
import type { KafkaMessage, KafkaProducer } from './kafka-client.ts'
import type { Compression } from './kafka-connection.ts'
import { fromKafka } from './kafka-error.ts'

/** Of the protocol: `CompressionTypes.GZIP`, without loading the client for it. */
const gzip = 1

/** Within about ten seconds: then whoever waits is told, and sends the same again, with the same sequence numbers. */
const retry = { retries: 5, initialRetryTime: 200, maxRetryTime: 5_000 }

/**
 * Idempotent: a request that seemed lost and is repeated may have arrived, and may even arrive after the next one; by
 * its sequence numbers the broker drops it. Without them a broker that stalls can put old rows behind new ones.
 */
export class KafkajsProducer implements KafkaProducer {
  readonly #compression: Compression
  readonly #producer: Producer

  private constructor(kafka: Kafka, compression: Compression) {
    this.#compression = compression
    this.#producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      // ours are chosen already
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
      retry,
    })
  }

  static async open(kafka: Kafka, compression: Compression): Promise<KafkajsProducer> {
    const opened = new KafkajsProducer(kafka, compression)
    await opened.#connect()
    return opened
  }

  async #connect(): Promise<void> {
    try {
      await this.#producer.connect()
    } catch (cause) {
      throw fromKafka(cause, 'Connecting to Kafka')
    }
  }

  async send(topic: string, messages: readonly KafkaMessage[]): Promise<void> {
    try {
      await this.#producer.send({
        topic,
        acks: -1,
        compression: this.#compression === 'gzip' ? gzip : 0,
        messages: messages as (KafkaMessage & { headers: IHeaders })[],
      })
    } catch (cause) {
      throw fromKafka(cause, `Writing to the topic ${JSON.stringify(topic)}`)
    }
  }

  async close(): Promise<void> {
    await this.#producer.disconnect()
  }
}
