import { defaults } from '../config/defaults.ts'
import { PgstreamError } from '../errors.ts'
import type { Checkpointer } from '../pipeline/contracts.ts'
import { Processor } from '../pipeline/processor.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { Slabs } from '../wal/slab.ts'
import type { Assignment } from './assignment.ts'
import type { ChangeMessage } from './change-message.ts'
import { cutByBytes } from './cut-by-bytes.ts'
import { DeadLetterTopic } from './dead-letter-topic.ts'
import type { KafkaClient, KafkaMessage, OnTooLarge } from './kafka-client.ts'
import { connectionOf } from './kafka-connection.ts'
import type { Compression, KafkaConnectionOptions } from './kafka-connection.ts'
import { openKafkajs } from './kafkajs-client.ts'
import { messagesOf } from './messages-of.ts'
import type { KeyOf, MessageKey } from './message-key.ts'
import { partitionForKey } from './partition-for-key.ts'
import { Producers } from './producers.ts'
import { openTopic } from './topic.ts'
import type { TopicOptions } from './topic.ts'
import { untilReachable } from './until-reachable.ts'
import type { Reaching } from './until-reachable.ts'

/** A member that was away joins its group again within the time that a division may take. */
const mostUnawareMs = 120_000

export interface KafkaWriterOptions extends KafkaConnectionOptions {
  readonly topic: string
  /** What messages of one key have in common, and keep their order in; `schema` if not given. */
  readonly key?: MessageKey | KeyOf | undefined
  /**
   * Names what is written, the same in every process that writes it and another for everything else: what an earlier process of
   * this name still sends is refused then (Kafka's transactional id). What is read from Kafka has the number of its partition
   * behind the name, so that all members of a group have the same. Nobody is kept out if not given.
   */
  readonly transactionalId?: string | (() => Promise<string>) | undefined
  readonly checkpointer?: Checkpointer | undefined
  /** Makes the topic when it is not there, with `topicPartitions` and `replicationFactor`; 1 of each if not given. */
  readonly autoCreate?: boolean | undefined
  readonly topicPartitions?: number | undefined
  readonly replicationFactor?: number | undefined
  readonly compression?: Compression | undefined
  /** What happens to a change that is larger than the topic takes; `stop` if not given. */
  readonly oversize?: 'stop' | 'dead-letter' | undefined
  /** This and the two below: as PGSTREAM_KAFKA_WRITER_… when left out. */
  readonly maxQueueBytes?: number | undefined
  readonly batchSize?: number | undefined
  /** Of one request, keys and headers included. */
  readonly batchBytes?: number | undefined
}

/**
 * Writes every change to a topic of Kafka, as wire JSON. Durable means: every in-sync replica has it (`acks=all`).
 *
 * Messages of one key keep their order, one request is under way at a time, and what fails for a reason that may pass is
 * sent again for as long as it takes. Fails with PGSTREAM_KAFKA_UNREACHABLE at the start only, PGSTREAM_KAFKA_REFUSED,
 * PGSTREAM_KAFKA_TOPIC, PGSTREAM_KAFKA_FENCED, PGSTREAM_KAFKA_MESSAGE_TOO_LARGE.
 */
export function kafkaWriter(options: KafkaWriterOptions): KafkaWriter {
  return new KafkaWriter(options, openKafkajs(connectionOf(options), options.compression))
}

/**
 * Of 128 KiB. As much as a few requests take: what a full queue had is let go of when there has been less in it than that
 * for a while. A queue that empties between two transactions fills again before what was let go of is collected: it took
 * twice its memory for a moment (test/bench/README.md).
 */
const mostSpareSlabs = 64
const fewBytes = mostSpareSlabs * 128 * 1024
const trimAfterMs = 2_000

export class KafkaWriter extends Processor<ChangeMessage> {
  override readonly takesPrinted: boolean
  readonly #client: KafkaClient
  readonly #topic: TopicOptions
  readonly #key: MessageKey | KeyOf
  readonly #oversize: 'stop' | 'dead-letter'
  readonly #batchBytes: number
  readonly #logger: Logger
  readonly #deadLetters: DeadLetterTopic
  readonly #onRetry = (error: PgstreamError): void => this.metrics.retrying(error)
  readonly #producers: Producers
  #partitions = 0
  readonly #slabs = new Slabs()
  #trimming: NodeJS.Timeout | null = null
  #lastMemory: Buffer | null = null
  #lastKey: Buffer | null = null
  #lastPartition = 0

  constructor(options: KafkaWriterOptions, client: KafkaClient) {
    const { kafka, kafkaWriter: standard } = defaults
    super({
      checkpointer: options.checkpointer,
      maxQueueBytes: options.maxQueueBytes ?? standard.maxQueueBytes,
      batchSize: options.batchSize ?? standard.batchSize,
      batchBytes: options.batchBytes ?? standard.batchBytes,
    })
    this.#client = client
    this.#topic = {
      name: options.topic,
      autoCreate: options.autoCreate ?? kafka.autoCreate,
      partitions: options.topicPartitions ?? kafka.topicPartitions,
      replicationFactor: options.replicationFactor ?? kafka.replicationFactor,
    }
    this.#key = options.key ?? standard.key
    this.takesPrinted = typeof this.#key !== 'function'
    this.#oversize = options.oversize ?? standard.oversize
    this.#batchBytes = options.batchBytes ?? standard.batchBytes
    this.#logger = options.logger ?? silentLogger
    this.#deadLetters = new DeadLetterTopic(client, this.#topic.name, this.#topic.replicationFactor)
    this.#producers = new Producers(client, options.transactionalId)
  }

  protected override async open(): Promise<void> {
    await this.#producers.open()
    this.#partitions = await openTopic(this.#client, this.#topic)
    const { name } = this.#topic
    this.#logger.info({ topic: name, partitions: this.#partitions }, 'writing to the topic')
  }

  protected override encode(event: ChangeEvent): readonly ChangeMessage[] {
    return messagesOf(event, this.#key, this.#slabs)
  }

  protected override async deliver(batch: readonly ChangeMessage[], signal: AbortSignal): Promise<void> {
    for (const [assignment, messages] of this.#byAssignment(batch))
      for (const part of cutByBytes(messages, this.#batchBytes)) await this.#send(part, assignment, signal)
    this.#giveBack(batch)
  }

  /** Messages are delivered in the order in which they were written: what comes before the last one's memory is free. */
  #giveBack(delivered: readonly ChangeMessage[]): void {
    for (const { memory, apart } of delivered) {
      if (memory === this.#lastMemory || apart !== null) continue
      if (this.#lastMemory !== null) this.#slabs.giveBack(this.#lastMemory)
      this.#lastMemory = memory
    }
    if (this.#slabs.spares > mostSpareSlabs) this.#trimming ??= setTimeout(() => this.#trim(), trimAfterMs)
  }

  #trim(): void {
    this.#trimming = null
    if (this.writableLength < fewBytes) this.#slabs.trim(mostSpareSlabs)
  }

  protected override async release(): Promise<void> {
    clearTimeout(this.#trimming ?? undefined)
    await this.#producers.close()
    await this.#deadLetters.close()
    await this.#client.close()
  }

  #byAssignment(batch: readonly ChangeMessage[]): Map<Assignment | null, KafkaMessage[]> {
    const lists = new Map<Assignment | null, KafkaMessage[]>()
    for (const message of batch) {
      const list = lists.get(message.assignment) ?? []
      if (list.length === 0) lists.set(message.assignment, list)
      this.#address(message, list)
    }
    return lists
  }

  /** Without key there is no order but that of the partition: the first one has all of these. */
  #address(message: ChangeMessage, to: KafkaMessage[]): void {
    if (message.everywhere) {
      for (let partition = 0; partition < this.#partitions; partition++) to.push(message.at(partition))
      return
    }
    if (message.key !== null) message.partition = this.#partitionOf(message.key)
    to.push(message)
  }

  /** Most messages have the key of the one before. */
  #partitionOf(key: Buffer): number {
    if (key !== this.#lastKey) {
      this.#lastKey = key
      this.#lastPartition = partitionForKey(key, this.#partitions)
    }
    return this.#lastPartition
  }

  /** What was read of a partition that is somebody else's now is left to them: it is not confirmed, and they read it again. */
  async #send(
    messages: readonly KafkaMessage[],
    assignment: Assignment | null,
    signal: AbortSignal,
  ): Promise<void> {
    const { name } = this.#topic
    const reaching = { logger: this.#logger, signal, onRetry: this.#onRetry }
    const tooLarge: OnTooLarge = (message, error) => this.#tooLarge(message, error, reaching)
    const send = async (): Promise<void> => {
      if (assignment?.isOver) return
      const producer = await this.#producers.of(assignment)
      await producer.send(name, messages, tooLarge)
    }
    try {
      await untilReachable(send, reaching)
    } catch (error) {
      if (!assignment || (error as PgstreamError).code !== 'PGSTREAM_KAFKA_FENCED') throw error
      await this.#untilOver(assignment, error as PgstreamError, signal)
    }
  }

  /** Whoever was fenced off has lost the partition, and hears of it with the next heartbeat. */
  async #untilOver(assignment: Assignment, fenced: PgstreamError, signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const given = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(fenced), mostUnawareMs)
      signal.addEventListener('abort', () => reject(fenced), { once: true })
    })
    try {
      await Promise.race([assignment.over, given])
    } finally {
      clearTimeout(timer)
    }
  }

  async #tooLarge(message: KafkaMessage, error: PgstreamError, reaching: Reaching): Promise<void> {
    const { code, remedy } = error
    const told = `${error.message} ${whichChange(message)}`
    if (this.#oversize === 'stop') throw new PgstreamError(code, told, { remedy, cause: error })
    const { partition, key, value, headers } = message
    const letter = { partition, key, value, headers, reason: told }
    await untilReachable(() => this.#deadLetters.keep(letter), reaching)
    this.metrics.deadLettered()
    this.#logger.error({ code, topic: this.#deadLetters.name }, `${told} It is kept among the dead letters`)
  }
}

/** Where its table stands in wire JSON: before all values. */
const tableInJson = /"schema":("(?:[^"\\]|\\.)*"),"table":("(?:[^"\\]|\\.)*")/
const beforeValues = 1_000

function whichChange({ value, headers }: KafkaMessage): string {
  const [, schema = '', table = ''] = tableInJson.exec(value?.toString('utf8', 0, beforeValues) ?? '') ?? []
  return `It is a change of ${schema}.${table}, of ${value?.length ?? 0} bytes, at LSN ${String(headers['pgstream-lsn'])}.`
}
