import { setTimeout as pause } from 'node:timers/promises'
import type { Consumer, EachBatchPayload, Kafka, KafkaMessage } from 'kafkajs'
import { FetchedRecord } from './fetched-record.ts'
import type { ConsumerHandlers, ConsumerOptions, KafkaConsumer, ReceivedMessage } from './kafka-client.ts'
import { fromKafka, saysUnknownTopic } from './kafka-error.ts'
import type { KafkaSockets } from './kafka-sockets.ts'
import { takesRecords } from './read-records.ts'
import { TopicGone } from './topic-gone.ts'

/** A member that is silent for so long loses its partitions. */
const standardSessionMs = 30_000
/** Beats within that time, and looks within a beat whether it is time for one. */
const beatsInSession = 10
const looksInBeat = 6
const beginAgainMs = 200
/** For whoever closes, before connections are broken off. */
const mostClosingMs = 5_000
const retry = { retries: 5, initialRetryTime: 200, maxRetryTime: 5_000 }

/** What a broker says to a member whose time is over. */
const notMine = new Set([
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'REBALANCE_IN_PROGRESS',
  'FENCED_INSTANCE_ID',
])

/**
 * A member of a consumer group. kafkajs divides partitions anew for everybody at each change of the group, then reads from
 * what was committed; we tell it to go on where we are for those that stay ours, and it heart-beats only when asked to,
 * which we do while a batch waits.
 */
export class KafkajsConsumer implements KafkaConsumer {
  readonly #consumer: Consumer
  readonly #sockets: KafkaSockets
  readonly #options: ConsumerOptions
  readonly #handlers: ConsumerHandlers
  readonly #beatMs: number
  #memberId: string | null = null
  /** Where a group begins that has committed nothing, by partition, until it has. */
  readonly #begin: Map<number, bigint>
  readonly #gone = new TopicGone()
  #assigned: readonly number[] = []
  #commits = 0
  #closing = false

  private constructor(
    kafka: Kafka,
    sockets: KafkaSockets,
    options: ConsumerOptions,
    handlers: ConsumerHandlers,
    begin: ReadonlyMap<number, bigint>,
  ) {
    this.#begin = new Map(begin)
    const { groupId, sessionTimeoutMs: sessionTimeout = standardSessionMs } = options
    this.#sockets = sockets
    this.#options = options
    this.#handlers = handlers
    this.#beatMs = sessionTimeout / beatsInSession
    this.#consumer = kafka.consumer({
      groupId,
      sessionTimeout,
      heartbeatInterval: this.#beatMs,
      rebalanceTimeout: 60_000,
      maxBytes: options.maxBytes,
      maxBytesPerPartition: options.maxBytesPerPartition,
      maxWaitTimeInMs: 1_000,
      allowAutoTopicCreation: false,
      retry: { ...retry, restartOnFailure: (error) => Promise.resolve(this.#mayRestart(error)) },
    })
  }

  /** `begin`: of partitions of which the group has committed nothing, if it is not to begin at their first message. */
  static async open(
    kafka: Kafka,
    sockets: KafkaSockets,
    options: ConsumerOptions,
    handlers: ConsumerHandlers,
    begin: ReadonlyMap<number, bigint>,
  ): Promise<KafkajsConsumer> {
    const opened = new KafkajsConsumer(kafka, sockets, options, handlers, begin)
    try {
      await opened.#start()
      return opened
    } catch (cause) {
      await opened.close().catch(() => undefined)
      throw fromKafka(cause, 'Connecting to Kafka')
    }
  }

  async #start(): Promise<void> {
    const { topic, startOffset } = this.#options
    const { GROUP_JOIN, CRASH, REQUEST_TIMEOUT, COMMIT_OFFSETS } = this.#consumer.events
    this.#consumer.on(COMMIT_OFFSETS, () => this.#commits++)
    this.#consumer.on(REQUEST_TIMEOUT, () => this.#sockets.breakOff('a request was not answered in time'))
    this.#consumer.on(GROUP_JOIN, ({ payload }) => this.#onJoined(payload))
    this.#consumer.on(CRASH, ({ payload }) => {
      if (!payload.restart && !this.#closing)
        this.#handlers.onEnd(fromKafka(payload.error, 'Reading from Kafka'))
    })
    await this.#consumer.connect()
    await this.#consumer.subscribe({ topic, fromBeginning: startOffset === 'earliest' })
    await this.#consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: takesRecords((payload) => this.#onBatch(payload)),
    })
    void this.#commitBegin()
  }

  /** Or a reader that dies before it has committed anything would begin at what is the latest then. */
  async #commitBegin(): Promise<void> {
    while (this.#begin.size > 0 && !this.#closing) {
      await this.commit(new Map(this.#begin)).catch(() => false)
      if (this.#begin.size > 0) await pause(beginAgainMs, undefined, { ref: false })
    }
  }

  #onJoined({
    memberId,
    memberAssignment,
  }: {
    memberId: string
    memberAssignment: Record<string, number[]>
  }): void {
    const { topic } = this.#options
    const continued = memberId === this.#memberId
    const isFirst = this.#memberId === null
    this.#memberId = memberId
    this.#gone.isThere()
    const assigned = (this.#assigned = memberAssignment[topic] ?? [])
    // others begin theirs, and later ones are begun
    for (const partition of [...this.#begin.keys()])
      if (!isFirst || !assigned.includes(partition)) this.#begin.delete(partition)
    const goOnAt = this.#handlers.onAssigned(assigned, continued)
    for (const [partition, offset] of [...this.#begin, ...goOnAt])
      this.#consumer.seek({ topic, partition, offset: String(offset) })
  }

  async #onBatch(reading: EachBatchPayload): Promise<void> {
    if (!reading.isRunning() || reading.isStale()) return
    const { batch } = reading
    const abort = new AbortController()
    const taken = this.#handlers.onBatch(batch.partition, batch.messages.map(received), abort.signal)
    try {
      await this.#beatWhile(taken, () => reading.heartbeat())
    } catch (error) {
      abort.abort()
      await taken.catch(() => undefined)
      throw error
    }
    const last = batch.messages.at(-1)
    if (last && (await taken)) reading.resolveOffset(last.offset)
  }

  /** kafkajs sends one only if the last is old enough. Throws when the group divides its partitions anew. */
  async #beatWhile(taken: Promise<unknown>, heartbeat: () => Promise<void>): Promise<void> {
    const done = taken.then(() => true)
    const enough = new AbortController()
    const look = (): Promise<boolean> =>
      pause(this.#beatMs / looksInBeat, false, { signal: enough.signal }).catch(() => false)
    try {
      while (!(await Promise.race([done, look()]))) await heartbeat()
    } finally {
      enough.abort()
    }
  }

  async commit(offsets: ReadonlyMap<number, bigint>): Promise<boolean> {
    const { topic } = this.#options
    try {
      const before = this.#commits
      await this.#consumer.commitOffsets(
        [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
      )
      // between two lives of its own kafkajs says yes, and does nothing
      if (this.#commits === before) return false
      for (const partition of offsets.keys()) this.#begin.delete(partition)
      return true
    } catch (cause) {
      if (notMine.has((cause as { type?: string }).type ?? '')) return false
      const error = fromKafka(cause, 'Committing to Kafka')
      if (!saysUnknownTopic(error)) throw error
      // if it was deleted, and is made anew, what was read says nothing about that one
      this.#handlers.onAssigned(this.#assigned, false)
      return false
    }
  }

  async close(): Promise<void> {
    this.#closing = true
    const longEnough = setTimeout(() => this.#sockets.breakOff('the reader was closed'), mostClosingMs)
    try {
      await this.#consumer.disconnect()
    } finally {
      clearTimeout(longEnough)
    }
  }

  #mayRestart(error: Error): boolean {
    if (this.#closing) return false
    const told = fromKafka(error, 'Reading from Kafka')
    if (told.code !== 'PGSTREAM_KAFKA_UNREACHABLE') return false
    const judged = this.#gone.judge(this.#options.topic, told)
    if (judged === told) this.#handlers.onTrouble(told)
    else this.#handlers.onEnd(judged)
    return judged === told
  }
}

function received(message: KafkaMessage): ReceivedMessage {
  if (message instanceof FetchedRecord) return message.message
  const { offset, key, value, headers = {} } = message
  return { offset: BigInt(offset), key, value, headers }
}
