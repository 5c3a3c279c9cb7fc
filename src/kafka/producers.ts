import type { Assignment } from './assignment.ts'
import type { KafkaClient, KafkaProducer } from './kafka-client.ts'

type Name = string | (() => Promise<string>) | undefined

interface Opened {
  readonly assignment: Assignment
  readonly producer: KafkaProducer
}

/**
 * The producers of a writer. What comes from Kafka has one for each partition that is read, because partitions go from one
 * member of the group to another: each time, the new reader's producer takes the place of the one before, under the same
 * transactional id. Everything else has one.
 */
export class Producers {
  readonly #client: KafkaClient
  readonly #name: Name
  #id: string | undefined
  #one: KafkaProducer | null = null
  readonly #byPartition = new Map<number, Opened>()

  constructor(client: KafkaClient, name: Name) {
    this.#client = client
    this.#name = name
  }

  /** Connects. @throws {PgstreamError} as `KafkaClient.openProducer`. */
  async open(): Promise<void> {
    this.#id = typeof this.#name === 'function' ? await this.#name() : this.#name
    this.#one = await this.#client.openProducer(this.#id)
  }

  /** Not for two at the same time. @throws {PgstreamError} as `KafkaClient.openProducer`. */
  async of(assignment: Assignment | null): Promise<KafkaProducer> {
    if (assignment === null || this.#id === undefined) return this.#one!
    const known = this.#byPartition.get(assignment.topicPartition)
    if (known?.assignment === assignment) return known.producer
    await this.#closeThoseThatAreOver()
    const producer = await this.#client.openProducer(`${this.#id}/${assignment.topicPartition}`)
    this.#byPartition.set(assignment.topicPartition, { assignment, producer })
    return producer
  }

  async close(): Promise<void> {
    await this.#one?.close()
    for (const { producer } of this.#byPartition.values()) await producer.close()
  }

  async #closeThoseThatAreOver(): Promise<void> {
    for (const [partition, { assignment, producer }] of this.#byPartition) {
      if (!assignment.isOver) continue
      this.#byPartition.delete(partition)
      await producer.close()
    }
  }
}
