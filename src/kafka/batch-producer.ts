import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { PgstreamError } from '../errors.ts'
import type { KafkaMessage, KafkaProducer, OnTooLarge } from './kafka-client.ts'
import type { Compression } from './kafka-connection.ts'
import { fromKafka } from './kafka-error.ts'
import { BatchMemory } from './batch-memory.ts'
import { errorOfCode } from './kafkajs-cluster.ts'
import type { KafkajsCluster, ProducerIdentity } from './kafkajs-cluster.ts'
import { Fence } from './fence.ts'
import type { FenceOptions } from './fence.ts'
import { queuesOf } from './partition-queue.ts'
import type { PartitionQueue } from './partition-queue.ts'
import { compressedBatch, encodeRecordBatch } from './record-batch.ts'
import { noPartition } from './topic.ts'
import { TopicGone } from './topic-gone.ts'

/** Of the protocol: https://kafka.apache.org/protocol#protocol_error_codes */
const codes = {
  none: 0,
  messageTooLarge: 10,
  recordListTooLarge: 18,
  outOfOrderSequence: 45,
  duplicateSequence: 46,
  invalidProducerEpoch: 47,
  invalidProducerIdMapping: 49,
  unknownProducerId: 59,
} as const

const stored = new Set<number>([codes.none, codes.duplicateSequence])
const tooLarge = new Set<number>([codes.messageTooLarge, codes.recordListTooLarge])
/** The broker does not know who sends, or not how far they are: it has lost what it knew. */
const forgotten = new Set<number>([
  codes.outOfOrderSequence,
  codes.invalidProducerEpoch,
  codes.invalidProducerIdMapping,
  codes.unknownProducerId,
])

/** Nobody is fenced off without a transactional id. */
export interface BatchProducerOptions extends FenceOptions {
  /** Makes connections, when they are needed and again after they failed. */
  readonly open: () => KafkajsCluster
  readonly compression: Compression
  /** How long a broker may wait for its replicas: less than the client waits for the broker. */
  readonly replicasMs: number
}

interface Unfinished {
  readonly messages: readonly KafkaMessage[]
  readonly queues: readonly PartitionQueue[]
}

/**
 * Sends record batches of its own making, one at a time to each partition. Idempotent: a request that seemed lost, and is
 * repeated, may have arrived, and may even arrive after the next one; by its sequence number the broker drops it. A call
 * that was rejected and is made again goes on where it was.
 */
export class BatchProducer implements KafkaProducer {
  readonly #options: BatchProducerOptions
  #cluster: KafkajsCluster | null = null
  #producer: ProducerIdentity | null = null
  /** The next of each partition, for this producer id. */
  readonly #sequences = new Map<string, number>()
  readonly #fence: Fence
  readonly #gone = new TopicGone()
  readonly #memory = new BatchMemory()
  #unfinished: Unfinished | null = null

  constructor(options: BatchProducerOptions) {
    this.#options = options
    this.#fence = new Fence(options)
  }

  async connect(): Promise<void> {
    await this.#connected('Connecting to Kafka', (cluster) => cluster.connect())
  }

  async send(topic: string, messages: readonly KafkaMessage[], onTooLarge: OnTooLarge): Promise<void> {
    if (this.#unfinished?.messages !== messages) {
      // what became of the other one is not known, so neither is the sequence
      if (this.#unfinished) this.#forget(this.#unfinished.queues)
      this.#unfinished = { messages, queues: queuesOf(messages) }
    }
    const { queues } = this.#unfinished
    for (;;) {
      const left = queues.filter(({ first }) => first !== null)
      if (left.length === 0) break
      if (await this.#cutUnreadable(topic, left, onTooLarge)) continue
      await this.#sendFirst(topic, left, onTooLarge).catch((error: PgstreamError) => {
        throw this.#gone.judge(topic, error)
      })
      this.#gone.isThere()
    }
    this.#unfinished = null
  }

  close(): Promise<void> {
    this.#disconnect()
    return Promise.resolve()
  }

  /** A broker closes the connection at a request that it does not read, as if it were gone: such are not even sent. */
  async #cutUnreadable(
    topic: string,
    queues: readonly PartitionQueue[],
    onTooLarge: OnTooLarge,
  ): Promise<boolean> {
    const unreadable = queues.filter(({ first }) => bytesOf(first!.messages) > mostBytesRead)
    for (const queue of unreadable)
      await this.#makeSmaller(queue, tooLargeToRead(topic, bytesOf(queue.first!.messages)), onTooLarge)
    return unreadable.length > 0
  }

  /** The first batch of each partition, to each leader in one request. */
  async #sendFirst(topic: string, queues: readonly PartitionQueue[], onTooLarge: OnTooLarge): Promise<void> {
    const doing = `Writing to the topic ${JSON.stringify(topic)}`
    const answers = await this.#connected(doing, async (cluster) => {
      const byLeader = queuesByLeader(queues, await cluster.leadersOf(topic), topic)
      this.#producer ??= await this.#fence.identity(cluster, [...byLeader.keys()][0]!)
      return this.#request(cluster, topic, byLeader)
    })
    const failures: PgstreamError[] = []
    for (const { queue, code } of answers) {
      if (stored.has(code)) continue
      if (code === codes.invalidProducerEpoch && this.#fence.isUp) throw this.#fence.fenced(topic)
      const error = fromKafka(errorOfCode(code), doing)
      if (tooLarge.has(code)) await this.#makeSmaller(queue, error, onTooLarge)
      else failures.push(error)
    }
    if (answers.some(({ code }) => forgotten.has(code))) this.#forget(queues)
    if (failures.length === 0) return
    this.#disconnect() // leaders may be others by now
    throw failures.find(({ code }) => code !== 'PGSTREAM_KAFKA_UNREACHABLE') ?? failures[0]!
  }

  /** What was stored is taken off its queue, also when another leader failed. */
  async #request(
    cluster: KafkajsCluster,
    topic: string,
    byLeader: ReadonlyMap<number, readonly PartitionQueue[]>,
  ): Promise<Answer[]> {
    const { replicasMs: timeoutMs } = this.#options
    const requests = [...byLeader].map(async ([leader, queues]) => {
      const batches = new Map<number, Buffer>()
      for (const queue of queues) batches.set(queue.partition, await this.#encoded(topic, queue))
      const { codes } = await cluster.produce(leader, { topic, batches, timeoutMs })
      return queues.map((queue) => ({ queue, code: codes.get(queue.partition) ?? unanswered }))
    })
    const ends = await Promise.allSettled(requests)
    const answers = ends.flatMap((end) => (end.status === 'fulfilled' ? end.value : []))
    for (const { queue, code } of answers) if (stored.has(code)) this.#stored(topic, queue)
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
    return answers
  }

  async #encoded(topic: string, { partition, first }: PartitionQueue): Promise<Buffer> {
    const { messages, sent } = first!
    if (sent) return sent.bytes
    const sequence = this.#sequences.get(`${topic}/${partition}`) ?? 0
    const plain = encodeRecordBatch(messages, { ...this.#producer!, sequence }, Date.now(), (size) =>
      this.#memory.take(size),
    )
    const isCompressed = this.#options.compression === 'gzip'
    const bytes = isCompressed ? await compressedBatch(plain, compress) : plain
    if (isCompressed) this.#memory.giveBack(plain)
    first!.sent = { sequence, bytes }
    return bytes
  }

  #stored(topic: string, queue: PartitionQueue): void {
    const { messages, sent } = queue.first!
    this.#sequences.set(`${topic}/${queue.partition}`, following(sent!.sequence, messages.length))
    if (this.#options.compression === 'none') this.#memory.giveBack(sent!.bytes)
    queue.shift()
  }

  async #makeSmaller(queue: PartitionQueue, error: PgstreamError, onTooLarge: OnTooLarge): Promise<void> {
    const { messages } = queue.first!
    if (messages.length > 1) return queue.split()
    await onTooLarge(messages[0]!, error)
    queue.shift()
  }

  /** From here on we are somebody else, whose sequences begin anew. */
  #forget(queues: readonly PartitionQueue[]): void {
    this.#options.logger.warn({}, 'Kafka does not know what was sent last; some changes may arrive twice')
    this.#producer = null
    this.#sequences.clear()
    for (const queue of queues) queue.forget()
  }

  async #connected<T>(doing: string, act: (cluster: KafkajsCluster) => Promise<T>): Promise<T> {
    try {
      return await act((this.#cluster ??= this.#options.open()))
    } catch (cause) {
      this.#disconnect()
      throw fromKafka(cause, doing)
    }
  }

  #disconnect(): void {
    this.#cluster?.close()
    this.#cluster = null
  }
}

/** `socket.request.max.bytes` of a broker, unless somebody changed it, with room for what stands around the values. */
const mostBytesRead = 104_857_600 - 64 * 1024

const bytesOf = (messages: readonly KafkaMessage[]): number =>
  messages.reduce((sum, message) => sum + (message.size ?? bytesOfFields(message)), 0)

const bytesOfFields = ({ key, value }: KafkaMessage): number => (key?.length ?? 0) + (value?.length ?? 0)

const tooLargeToRead = (topic: string, bytes: number): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_KAFKA_MESSAGE_TOO_LARGE',
    `A change for the topic ${JSON.stringify(topic)} has ${bytes} bytes, and a broker reads no request of more than 100 MiB, for no topic.`,
    { remedy: 'Leave its table out (PGSTREAM_FILTER_EXCLUDE_TABLES): Kafka cannot take such values.' },
  )

interface Answer {
  readonly queue: PartitionQueue
  readonly code: number
}

/** The broker left the partition out of its answer: what the protocol calls an unknown error. */
const unanswered = -1

const compress: (bytes: Buffer) => Promise<Buffer> = promisify(gzip)

/** Sequences go from 0 to the largest number of 31 bits, and on at 0. */
const following = (sequence: number, count: number): number => (sequence + count) % 2 ** 31

function queuesByLeader(
  queues: readonly PartitionQueue[],
  leaders: ReadonlyMap<number, number>,
  topic: string,
): Map<number, PartitionQueue[]> {
  const byLeader = new Map<number, PartitionQueue[]>()
  for (const queue of queues) {
    const leader = leaders.get(queue.partition)
    if (leader === undefined) throw noPartition(topic, queue.partition)
    byLeader.set(leader, [...(byLeader.get(leader) ?? []), queue])
  }
  return byLeader
}
