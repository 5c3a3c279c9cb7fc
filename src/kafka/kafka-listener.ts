import { Readable } from 'node:stream'
import { defaults } from '../config/defaults.ts'
import type { PgstreamError } from '../errors.ts'
import type { Listener } from '../pipeline/contracts.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SourceMetrics } from '../telemetry/source-metrics.ts'
import type { ChangeEvent, KeepaliveEvent } from '../wal/event.ts'
import { WireJsonReader } from '../wal/read-wire-json.ts'
import { Assignments } from './assignments.ts'
import { KafkaCheckpointer, kafkaPosition } from './kafka-checkpointer.ts'
import type { KafkaClient, KafkaConsumer, ReceivedMessage } from './kafka-client.ts'
import { DeadLetterTopic } from './dead-letter-topic.ts'
import { connectionOf } from './kafka-connection.ts'
import type { KafkaConnectionOptions } from './kafka-connection.ts'
import { openKafkajs } from './kafkajs-client.ts'
import { noTopic } from './topic.ts'
import { untilReachable } from './until-reachable.ts'

export interface KafkaListenerOptions extends KafkaConnectionOptions {
  readonly topic: string
  /** Members of one consumer group share the partitions. */
  readonly groupId: string
  /** Where a group begins that has committed nothing yet; `earliest` if not given. */
  readonly startOffset?: 'earliest' | 'latest' | undefined
  /** A member that is silent for so long, in milliseconds, loses its partitions; 30,000 if not given. */
  readonly sessionTimeoutMs?: number | undefined
  /** How often an offset is committed again when Kafka is away, and when; for as long as it takes if not given. */
  readonly commitRetry?: RetryPolicy | undefined
  /** Of the topic of dead letters, if it has to be made; 1 if not given. */
  readonly replicationFactor?: number | undefined
}

/** As much as the same project in Go fetches at once. */
const fetchBytes = 25 * 1024 * 1024
/** How many events wait for whoever reads, and how many bytes of messages; few, because a row can be large. */
const highWaterMark = 256
const maxWaitingBytes = 16 * 1024 * 1024

/**
 * Reads events that a `KafkaWriter` wrote, as a member of a consumer group: each partition in its order.
 *
 * Offsets are committed when the checkpointer is told that what they stand for is durable, by whoever reads the partition
 * then. A message that is no event goes to the topic `<topic>.dead-letters` with the reason, and the stream goes on. A
 * connection that is lost is made anew for as long as it takes.
 *
 * Fails with PGSTREAM_KAFKA_UNREACHABLE at the start, or when `commitRetry` is used up; PGSTREAM_KAFKA_REFUSED,
 * PGSTREAM_KAFKA_TOPIC.
 */
export function kafkaListener(options: KafkaListenerOptions): KafkaListener {
  return new KafkaListener(options, openKafkajs(connectionOf(options)))
}

export class KafkaListener extends Readable implements Listener {
  readonly checkpointer: KafkaCheckpointer
  readonly metrics: SourceMetrics = new SourceMetrics()
  readonly #options: KafkaListenerOptions
  readonly #client: KafkaClient
  readonly #logger: Logger
  readonly #reader = new WireJsonReader()
  readonly #deadLetters: DeadLetterTopic
  readonly #abort = new AbortController()
  readonly #assignments = new Assignments()
  #consumer: KafkaConsumer | null = null
  #waitingBytes = 0
  #taken: (() => void)[] = []
  #stopping = false

  constructor(options: KafkaListenerOptions, client: KafkaClient) {
    super({ objectMode: true, highWaterMark })
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    this.#client = client
    const replicationFactor = options.replicationFactor ?? defaults.kafka.replicationFactor
    this.#deadLetters = new DeadLetterTopic(client, options.topic, replicationFactor)
    this.checkpointer = new KafkaCheckpointer((offsets) => this.#commit(offsets))
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#open().then(() => callback(), callback)
  }

  async #open(): Promise<void> {
    const { topic, groupId, sessionTimeoutMs } = this.#options
    if ((await this.#client.countPartitions(topic)) === null) throw noTopic(topic)
    const startOffset = this.#options.startOffset ?? defaults.kafkaListener.startOffset
    const consumer = { topic, groupId, startOffset, sessionTimeoutMs, maxBytes: fetchBytes }
    this.#consumer = await this.#client.openConsumer(consumer, {
      onAssigned: (partitions, continued) => this.#onAssigned(partitions, continued),
      onBatch: (partition, messages, signal) => this.#onBatch(partition, messages, signal),
      onTrouble: (error) => this.#onTrouble(error),
      onEnd: (error) => this.destroy(error),
    })
    this.#logger.info({ topic, group: groupId }, 'reading the topic')
  }

  #onAssigned(partitions: readonly number[], continued: boolean): ReadonlyMap<number, bigint> {
    const goOnAt = this.#assignments.assign(partitions, continued)
    this.checkpointer.assigned(this.#assignments.current)
    this.metrics.reading()
    this.#logger.info({ partitions }, 'the consumer group gave out its partitions')
    return goOnAt
  }

  async #onBatch(
    partition: number,
    messages: readonly ReceivedMessage[],
    signal: AbortSignal,
  ): Promise<void> {
    const assignment = this.#assignments.current.get(partition)
    if (assignment === undefined) return
    this.metrics.reading()
    for (const message of messages) {
      if (signal.aborted) return
      if (this.#stopping || this.destroyed) return this.#never(signal)
      if (!this.#assignments.isNext(partition, message.offset)) continue
      const event = await this.#eventOf(partition, assignment, message)
      if (signal.aborted) return
      this.#assignments.handedOn(partition, message.offset)
      if (!this.#handOn(event, message.value?.length ?? 0)) await this.#untilTaken(signal)
    }
  }

  /** The rest of the batch is not to count as read. */
  async #never(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
      this.#taken.push(resolve)
    })
  }

  async #eventOf(
    partition: number,
    assignment: number,
    message: ReceivedMessage,
  ): Promise<ChangeEvent | KeepaliveEvent> {
    const position = kafkaPosition(partition, assignment, message.offset)
    try {
      if (message.value === null) throw new TypeError('has no value')
      return this.#reader.read(message.value.toString('utf8'), position)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      await this.#keepPoison(partition, message, `The message ${error.message}.`)
      return { kind: 'keepalive', position }
    }
  }

  async #keepPoison(partition: number, message: ReceivedMessage, reason: string): Promise<void> {
    const { offset } = message
    const letter = { ...message, partition, reason }
    await untilReachable(() => this.#deadLetters.keep(letter), this.#untilDestroyed())
    this.metrics.deadLetters++
    this.#logger.error(
      { partition, offset: String(offset), topic: this.#deadLetters.name },
      `A message is no event, and is kept among the dead letters: ${reason}`,
    )
  }

  #untilDestroyed(): { logger: Logger; signal: AbortSignal } {
    return { logger: this.#logger, signal: this.#abort.signal }
  }

  /** False when the reader has enough for now. */
  #handOn(event: ChangeEvent | KeepaliveEvent, bytes: number): boolean {
    const wanted = this.push(event)
    this.#waitingBytes = this.readableLength === 0 ? 0 : this.#waitingBytes + bytes
    return wanted && this.#waitingBytes < maxWaitingBytes
  }

  async #untilTaken(signal: AbortSignal): Promise<void> {
    if (this.readableLength === 0) return
    await this.#never(signal)
  }

  override _read(): void {
    this.#wakeIfTaken()
  }

  override read(size?: number): unknown {
    const event: unknown = super.read(size)
    this.#wakeIfTaken()
    return event
  }

  #wakeIfTaken(): void {
    if (this.readableLength > 0) return
    this.#waitingBytes = 0
    for (const wake of this.#taken.splice(0)) wake()
  }

  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    this.metrics.ended()
    if (!this.destroyed) this.push(null)
  }

  #onTrouble(error: PgstreamError): void {
    this.metrics.lost(error)
    this.#logger.warn(
      { code: error.code, remedy: error.remedy },
      `${error.message} Trying again until it works`,
    )
  }

  async #commit(offsets: ReadonlyMap<number, bigint>): Promise<void> {
    const consumer = this.#consumer
    const retry = this.#options.commitRetry
    if (consumer) await untilReachable(() => consumer.commit(offsets), { ...this.#untilDestroyed(), retry })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const settled = error === null && this.#stopping ? this.checkpointer.settled() : Promise.resolve()
    settled
      .then(async () => {
        this.#abort.abort(error ?? undefined)
        for (const wake of this.#taken.splice(0)) wake()
        await this.#consumer?.close()
        await this.#deadLetters.close()
        await this.#client.close()
      })
      .then(() => callback(error), callback)
  }
}
