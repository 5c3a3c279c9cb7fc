import { Readable } from 'node:stream'
import { defaults } from '../config/defaults.ts'
import type { PgstreamError } from '../errors.ts'
import type { Listener } from '../pipeline/contracts.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SourceMetrics } from '../telemetry/source-metrics.ts'
import type { ChangeEvent, KeepaliveEvent } from '../wal/event.ts'
import { WireBytesReader } from '../wal/read-wire-bytes.ts'
import { Assignments } from './assignments.ts'
import { KafkaCheckpointer } from './kafka-checkpointer.ts'
import { kafkaPosition } from './kafka-position.ts'
import type { KafkaPosition } from './kafka-position.ts'
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

/** As they are stored: compressed ones take many times that in memory. */
const fetchBytes = { maxBytes: 4 * 1024 * 1024, maxBytesPerPartition: 1024 * 1024 }
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
  printed = false
  readonly #options: KafkaListenerOptions
  readonly #client: KafkaClient
  readonly #logger: Logger
  readonly #reader = new WireBytesReader()
  readonly #deadLetters: DeadLetterTopic
  readonly #abort = new AbortController()
  readonly #assignments = new Assignments()
  #consumer: KafkaConsumer | null = null
  #waitingBytes = 0
  /** The reader has enough for now. */
  #isFull = false
  /** What was wrong with the last message that was no event. */
  #poison = ''
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
    const consumer = { topic, groupId, startOffset, sessionTimeoutMs, ...fetchBytes }
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
  ): Promise<boolean> {
    const assignment = this.#assignments.current.get(partition)
    if (assignment === undefined) return false
    this.metrics.reading()
    const isWanted = (): boolean =>
      !this.#isOver(signal) && this.#assignments.current.get(partition) === assignment
    for (const message of messages) {
      if (!this.#assignments.isNext(partition, message.offset)) continue
      if (this.#isFull) await this.#room(signal)
      if (this.#stopping) await this.#never(signal)
      if (!isWanted()) return false
      const position = kafkaPosition(assignment, message.offset)
      const event = this.#read(message, position) ?? (await this.#keepPoison(partition, message, position))
      if (!isWanted()) return false
      this.#assignments.handedOn(partition, message.offset)
      this.#handOn(event, message.value?.length ?? 0)
    }
    return true
  }

  /** Null when it is no event. */
  #read({ value }: ReceivedMessage, position: KafkaPosition): ChangeEvent | null {
    this.#poison = 'has no value'
    if (value === null) return null
    try {
      return this.#reader.read(value, position, this.printed)
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      // what the engine says of an argument shows it
      this.#poison = 'code' in error ? 'is no event' : error.message
      return null
    }
  }

  async #keepPoison(
    partition: number,
    message: ReceivedMessage,
    position: KafkaPosition,
  ): Promise<KeepaliveEvent> {
    const reason = `The message ${this.#poison}.`
    const { offset, key, value, headers } = message
    const letter = { offset, key, value, headers, partition, reason }
    await untilReachable(() => this.#deadLetters.keep(letter), this.#untilDestroyed())
    this.metrics.deadLetters++
    this.#logger.error(
      { partition, offset: String(offset), topic: this.#deadLetters.name },
      `A message is no event, and is kept among the dead letters: ${reason}`,
    )
    return { kind: 'keepalive', position }
  }

  #untilDestroyed(): { logger: Logger; signal: AbortSignal } {
    return { logger: this.#logger, signal: this.#abort.signal }
  }

  #handOn(event: ChangeEvent | KeepaliveEvent, bytes: number): void {
    const wanted = this.push(event)
    this.#waitingBytes = this.readableLength === 0 ? 0 : this.#waitingBytes + bytes
    this.#isFull = !wanted || this.#waitingBytes >= maxWaitingBytes
  }

  /** Resolves when the reader wants more, or when nobody wants it. */
  async #room(signal: AbortSignal): Promise<void> {
    while (this.#isFull && !this.#stopping && !this.#isOver(signal)) await this.#untilWoken(signal)
  }

  /** The rest of the batch is for others; until they get it, this is still a member. */
  async #never(signal: AbortSignal): Promise<void> {
    while (!this.#isOver(signal)) await this.#untilWoken(signal)
  }

  /** Not at `destroyed`: that is true while the sink still delivers what was read. */
  #isOver(signal: AbortSignal): boolean {
    return signal.aborted || this.#abort.signal.aborted
  }

  async #untilWoken(signal: AbortSignal): Promise<void> {
    let wake = (): void => undefined
    const woken = new Promise<void>((resolve) => (wake = resolve))
    this.#taken.push(wake)
    signal.addEventListener('abort', wake, { once: true })
    await woken
    signal.removeEventListener('abort', wake)
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
    this.#isFull = false
    this.#wake()
  }

  #wake(): void {
    for (const wake of this.#taken.splice(0)) wake()
  }

  stop(): void {
    if (this.#stopping) return
    this.#stopping = true
    this.metrics.ended()
    if (!this.destroyed) this.push(null)
    this.#wake()
  }

  #onTrouble(error: PgstreamError): void {
    this.metrics.lost(error)
    this.#logger.warn(
      { code: error.code, remedy: error.remedy },
      `${error.message} Trying again until it works`,
    )
  }

  async #commit(offsets: () => ReadonlyMap<number, bigint>): Promise<boolean> {
    const retry = this.#options.commitRetry
    const attempt = async (): Promise<boolean> => {
      const left = offsets()
      return left.size === 0 || (await this.#consumer!.commit(left))
    }
    return untilReachable(attempt, { ...this.#untilDestroyed(), retry })
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const settled = error === null && this.#stopping ? this.checkpointer.settled() : Promise.resolve()
    settled
      .then(async () => {
        this.#abort.abort(error ?? undefined)
        this.#wake()
        this.checkpointer.assigned(new Map()) // nothing is ours any more
        await this.#consumer?.close()
        await this.#deadLetters.close()
        await this.#client.close()
      })
      .then(() => callback(error), callback)
  }
}
