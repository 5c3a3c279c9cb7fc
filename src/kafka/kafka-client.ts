import type { PgstreamError } from '../errors.ts'
import type { MessageHeaders } from './message-headers.ts'

/**
 * What we need of a Kafka client, and all that the rest of this folder knows of one: batches of ready bytes in,
 * acknowledged offsets out. `kafkajs-client.ts` serves it.
 */
export interface KafkaClient {
  /**
   * With a transactional id, what an earlier producer of that id still sends is refused from the first message on that this
   * one sends to a partition.
   * @throws {PgstreamError} PGSTREAM_KAFKA_UNREACHABLE, PGSTREAM_KAFKA_REFUSED
   */
  openProducer(transactionalId?: string): Promise<KafkaProducer>
  /** @throws {PgstreamError} as `openProducer`. */
  openConsumer(options: ConsumerOptions, handlers: ConsumerHandlers): Promise<KafkaConsumer>
  /**
   * How many partitions a topic has; null when there is no such topic.
   * @throws {PgstreamError} as `openProducer`.
   */
  countPartitions(topic: string): Promise<number | null>
  /**
   * What a topic that is there holds and how it is set.
   * @throws {PgstreamError} as `openProducer`.
   */
  describeTopic(topic: string): Promise<TopicDescription>
  /** Does nothing when it is there. @throws {PgstreamError} PGSTREAM_KAFKA_TOPIC */
  createTopic(topic: string, shape: TopicShape): Promise<void>
  close(): Promise<void>
}

export interface TopicShape {
  readonly partitions: number
  readonly replicationFactor: number
  /** Such as `max.message.bytes`. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface TopicDescription {
  /** Between the oldest that is kept and the end, in all partitions; where a topic is compacted it has fewer. */
  readonly messages: bigint
  /** Empty where the user may not see them. */
  readonly settings: ReadonlyMap<string, string>
}

export interface KafkaMessage {
  readonly partition: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: MessageHeaders
  /** Not less than all of it takes in a request, where that is known. */
  readonly size?: number
}

/** What happens to a message that is too large for the topic: when it resolves, those behind it are sent. */
export type OnTooLarge = (message: KafkaMessage, error: PgstreamError) => Promise<void>

export interface KafkaProducer {
  /**
   * Resolves when every in-sync replica of each partition has the messages, in their order and behind everything that was
   * sent before. Never called while a call is under way. After a rejection it may be called again with the same list: it
   * goes on where it was, and stores nothing twice that the broker still knows of.
   *
   * @throws {PgstreamError} PGSTREAM_KAFKA_UNREACHABLE when the same may work later, PGSTREAM_KAFKA_REFUSED,
   * PGSTREAM_KAFKA_TOPIC, PGSTREAM_KAFKA_FENCED when a later one has its transactional id; whatever `onTooLarge` throws.
   */
  send(topic: string, messages: readonly KafkaMessage[], onTooLarge: OnTooLarge): Promise<void>
  /** Does not wait for what is under way. */
  close(): Promise<void>
}

export interface ConsumerOptions {
  readonly topic: string
  readonly groupId: string
  /** Where a group begins that has committed nothing yet. */
  readonly startOffset: 'earliest' | 'latest'
  /** A member that is silent for so long, in milliseconds, loses its partitions; 30,000 if not given. */
  readonly sessionTimeoutMs?: number | undefined
  /** The most bytes that are fetched at once, as they are stored. */
  readonly maxBytes: number
  /** The same for each partition. */
  readonly maxBytesPerPartition: number
}

/** What a member of a group gets. */
export interface ConsumerHandlers {
  /**
   * The partitions that this member reads from now on. `continued`: it was a member all the time, so that nobody else can
   * have read those that it had before. Gives, for each of those, the offset to go on at; the others begin where the
   * group has committed.
   */
  readonly onAssigned: (partitions: readonly number[], continued: boolean) => ReadonlyMap<number, bigint>
  /**
   * Messages of one partition in their order. The next come when the promise resolves; the client keeps its membership
   * while that takes. False when not all of them were taken: the rest comes again to whoever reads the partition then. The
   * signal says that the rest is not wanted: the group is dividing its partitions anew.
   */
  readonly onBatch: (
    partition: number,
    messages: readonly ReceivedMessage[],
    signal: AbortSignal,
  ) => Promise<boolean>
  /** The connection was lost, and is made anew. */
  readonly onTrouble: (error: PgstreamError) => void
  /** The client gave up. */
  readonly onEnd: (error: PgstreamError) => void
}

export interface ReceivedMessage {
  readonly offset: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: MessageHeaders
}

export interface KafkaConsumer {
  /**
   * Everything of these partitions before the offsets is durable elsewhere. Resolves when the group coordinator knows.
   * False when the group is dividing its partitions anew, and `onAssigned` will say what is still ours.
   * @throws {PgstreamError} PGSTREAM_KAFKA_UNREACHABLE when the same may work later.
   */
  commit(offsets: ReadonlyMap<number, bigint>): Promise<boolean>
  close(): Promise<void>
}
