import { defaults } from '../config/defaults.ts'
import type { PgstreamError } from '../errors.ts'
import type { Checkpointer } from '../pipeline/contracts.ts'
import { Processor } from '../pipeline/processor.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { cutByBytes } from './cut-by-bytes.ts'
import { DeadLetterTopic } from './dead-letter-topic.ts'
import type { KafkaClient, KafkaMessage, KafkaProducer, OnTooLarge } from './kafka-client.ts'
import { connectionOf } from './kafka-connection.ts'
import type { Compression, KafkaConnectionOptions } from './kafka-connection.ts'
import { openKafkajs } from './kafkajs-client.ts'
import { messagesOf } from './messages-of.ts'
import type { QueuedMessage } from './messages-of.ts'
import type { KeyOf, MessageKey } from './message-key.ts'
import { partitionForKey } from './partition-for-key.ts'
import { openTopic } from './topic.ts'
import type { TopicOptions } from './topic.ts'
import { untilReachable } from './until-reachable.ts'
import type { Reaching } from './until-reachable.ts'

export interface KafkaWriterOptions extends KafkaConnectionOptions {
  readonly topic: string
  /** What messages of one key have in common, and keep their order in; `schema` if not given. */
  readonly key?: MessageKey | KeyOf | undefined
  /**
   * Names what is written, the same in every process that writes it and another for everything else: what an earlier process of
   * this name still sends is refused then (Kafka's transactional id). Nobody is kept out if not given.
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

export class KafkaWriter extends Processor<QueuedMessage> {
  readonly #client: KafkaClient
  readonly #topic: TopicOptions
  readonly #key: MessageKey | KeyOf
  readonly #transactionalId: KafkaWriterOptions['transactionalId']
  readonly #oversize: 'stop' | 'dead-letter'
  readonly #batchBytes: number
  readonly #logger: Logger
  readonly #deadLetters: DeadLetterTopic
  readonly #onRetry = (error: PgstreamError): void => this.metrics.retrying(error)
  #producer: KafkaProducer | null = null
  #partitions = 0

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
    this.#transactionalId = options.transactionalId
    this.#oversize = options.oversize ?? standard.oversize
    this.#batchBytes = options.batchBytes ?? standard.batchBytes
    this.#logger = options.logger ?? silentLogger
    this.#deadLetters = new DeadLetterTopic(client, this.#topic.name, this.#topic.replicationFactor)
  }

  protected override async open(): Promise<void> {
    const id = this.#transactionalId
    this.#producer = await this.#client.openProducer(typeof id === 'function' ? await id() : id)
    this.#partitions = await openTopic(this.#client, this.#topic)
    const { name } = this.#topic
    this.#logger.info({ topic: name, partitions: this.#partitions }, 'writing to the topic')
  }

  protected override encode(event: ChangeEvent): readonly QueuedMessage[] {
    return messagesOf(event, this.#key)
  }

  protected override async deliver(batch: readonly QueuedMessage[], signal: AbortSignal): Promise<void> {
    const messages: KafkaMessage[] = []
    for (const message of batch) this.#address(message, messages)
    for (const part of cutByBytes(messages, this.#batchBytes)) await this.#send(part, signal)
  }

  protected override async release(): Promise<void> {
    await this.#producer?.close()
    await this.#deadLetters.close()
    await this.#client.close()
  }

  /** Without key there is no order but that of the partition: the first one has all of these. */
  #address({ bytes, key, headers, everywhere }: QueuedMessage, to: KafkaMessage[]): void {
    const first = everywhere || key === null ? 0 : partitionForKey(key, this.#partitions)
    const last = everywhere ? this.#partitions - 1 : first
    for (let partition = first; partition <= last; partition++)
      to.push({ partition, key, value: bytes, headers })
  }

  async #send(messages: readonly KafkaMessage[], signal: AbortSignal): Promise<void> {
    const { name } = this.#topic
    const reaching = { logger: this.#logger, signal, onRetry: this.#onRetry }
    const tooLarge: OnTooLarge = (message, error) => this.#tooLarge(message, error, reaching)
    await untilReachable(() => this.#producer!.send(name, messages, tooLarge), reaching)
  }

  async #tooLarge(message: KafkaMessage, error: PgstreamError, reaching: Reaching): Promise<void> {
    if (this.#oversize === 'stop') throw error
    const letter = { ...message, reason: error.message }
    await untilReachable(() => this.#deadLetters.keep(letter), reaching)
    this.metrics.deadLettered()
    this.#logger.error(
      { code: error.code, topic: this.#deadLetters.name },
      `${error.message} It is kept among the dead letters`,
    )
  }
}
