import type { KafkaClient, KafkaMessage, KafkaProducer } from './kafka-client.ts'
import type { MessageHeaders } from './message-headers.ts'

/** What no other topic takes has to fit here; brokers read requests of up to 100 MiB. Kept until somebody deletes it. */
const settings = { 'max.message.bytes': '104857600', 'retention.ms': '-1' }

export const deadLetterTopicOf = (topic: string): string => `${topic}.dead-letters`

/** A message that somebody refused, and where it was. */
export interface DeadLetter {
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: MessageHeaders
  readonly partition: number
  readonly offset?: bigint | undefined
  /** A sentence without values. */
  readonly reason: string
}

/** The topic `<topic>.dead-letters`, made when the first is kept: the message as it was, with the reason in its headers. */
export class DeadLetterTopic {
  readonly #client: KafkaClient
  readonly #topic: string
  readonly #replicationFactor: number
  #producer: Promise<KafkaProducer> | null = null
  #last: { readonly letter: DeadLetter; readonly messages: readonly KafkaMessage[] } | null = null
  #count = 0

  constructor(client: KafkaClient, topic: string, replicationFactor: number) {
    this.#client = client
    this.#topic = topic
    this.#replicationFactor = replicationFactor
  }

  get name(): string {
    return deadLetterTopicOf(this.#topic)
  }

  /** Kept since the start. */
  get count(): number {
    return this.#count
  }

  /** Resolves when it is durable there. @throws {PgstreamError} as `KafkaProducer.send`, and PGSTREAM_KAFKA_TOPIC. */
  async keep(letter: DeadLetter): Promise<void> {
    this.#producer ??= this.#open()
    const producer = await this.#producer.catch((error: unknown) => {
      this.#producer = null
      throw error
    })
    // the same list when it is tried again: nothing that was stored is stored twice
    if (this.#last?.letter !== letter) this.#last = { letter, messages: [this.#messageOf(letter)] }
    await producer.send(this.name, this.#last.messages, (_message, error) => Promise.reject(error))
    this.#last = null
    this.#count++
  }

  #messageOf({ key, value, headers, partition, offset, reason }: DeadLetter): KafkaMessage {
    const about = {
      'pgstream-error': reason,
      'pgstream-topic': this.#topic,
      'pgstream-partition': String(partition),
      ...(offset === undefined ? {} : { 'pgstream-offset': String(offset) }),
    }
    return { partition: 0, key, value, headers: { ...headers, ...about } }
  }

  async close(): Promise<void> {
    const producer = await this.#producer?.catch(() => null)
    await producer?.close()
  }

  async #open(): Promise<KafkaProducer> {
    if ((await this.#client.countPartitions(this.name)) === null) {
      const replicationFactor = this.#replicationFactor
      await this.#client.createTopic(this.name, { partitions: 1, replicationFactor, settings })
    }
    return this.#client.openProducer()
  }
}
