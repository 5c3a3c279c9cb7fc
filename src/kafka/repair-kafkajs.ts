import { PgstreamError } from '../errors.ts'
import { readRecordsOurselves } from './read-records.ts'
import { requireKafkajs } from './require-kafkajs.ts'

interface RequestQueue {
  readonly pending: readonly unknown[]
  readonly throttledUntil: number
  readonly enforceRequestTimeout: boolean
  readonly requestTimeout: number
  readonly inflight: ReadonlyMap<number, WaitingRequest>
  readonly isConnected: () => boolean
  requestTimeoutIntervalId: NodeJS.Timeout | undefined
  destroy(): void
  scheduleCheckPendingRequests: (this: RequestQueue) => void
  scheduleRequestTimeoutCheck: (this: RequestQueue) => void
}

interface WaitingRequest {
  readonly sentAt: number
  readonly requestTimeout: number
  timeoutRequest(): void
}

interface ConsumerGroup {
  readonly groupId: string
  memberId: string | null
  leave(): Promise<void>
  recoverFromFetch: (this: ConsumerGroup, error: Error & { readonly type?: string }) => Promise<void>
  recoverFromOffsetOutOfRange(of: { topic: string; partition: number }): Promise<void>
  readonly offsetManager: { nextOffset(topic: string, partition: number): { toString(): string } }
  readonly cluster: {
    fetchTopicsOffset(
      of: readonly { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
    ): Promise<readonly { partitions: readonly { offset: string }[] }[]>
  }
}

interface Cluster {
  readonly brokerPool: {
    withBroker<T>(ask: (of: { broker: CoordinatorFinder }) => Promise<T>): Promise<T | null>
  }
  findGroupCoordinatorMetadata: (this: Cluster, of: object) => Promise<unknown>
}

interface CoordinatorFinder {
  findGroupCoordinator(of: object): Promise<unknown>
}

interface Class<Instance> {
  readonly prototype: Instance
}

let isRepaired = false

/**
 * Six things that kafkajs 2.2.4 does and we cannot live with, made good in its classes, once in a process. Nobody maintains
 * it; its version is pinned.
 */
export function repairKafkajs(): void {
  if (isRepaired) return
  isRepaired = true
  letIdleConnectionsSleep()
  lookAtTimeoutsOnceASecond()
  tellOfLostOffsets()
  beginAnewWhereTheTopicMayBeAnother()
  tellWhyThereIsNoCoordinator()
  readRecordsOurselves()
}

/** A queue looks after every millisecond whether it may send, also when there is nothing to send. */
function letIdleConnectionsSleep(): void {
  const { prototype } = requestQueue()
  const schedule = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: RequestQueue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) schedule.call(this)
  }
}

const mostLateMs = 1_000

/** Ten times a second, for each connection, also when nothing is under way: most of what an idle process did. */
function lookAtTimeoutsOnceASecond(): void {
  requestQueue().prototype.scheduleRequestTimeoutCheck = function (this: RequestQueue): void {
    if (!this.enforceRequestTimeout) return
    this.destroy()
    const look = (): void => {
      const now = Date.now()
      for (const request of this.inflight.values())
        if (now - request.sentAt > request.requestTimeout) request.timeoutRequest()
      if (!this.isConnected()) this.destroy()
    }
    this.requestTimeoutIntervalId = setInterval(look, Math.min(this.requestTimeout, mostLateMs))
  }
}

/** A group whose next message was deleted is put at the begin or the end of the topic, and only its log says so. */
function tellOfLostOffsets(): void {
  const { prototype } = consumerGroup()
  const { KafkaJSNonRetriableError } = requireKafkajs('kafkajs/src/errors.js') as {
    KafkaJSNonRetriableError: new (message: string, options: { cause: Error }) => Error
  }
  prototype.recoverFromOffsetOutOfRange = async function (this: ConsumerGroup, { topic, partition }) {
    const next = this.offsetManager.nextOffset(topic, partition).toString()
    const [found] = await this.cluster.fetchTopicsOffset([
      { topic, partitions: [{ partition }], fromBeginning: true },
    ])
    const cause = lostOffset({
      group: this.groupId,
      topic,
      partition,
      next,
      first: found?.partitions[0]?.offset,
    })
    throw new KafkaJSNonRetriableError(cause.message, { cause })
  }
}

/**
 * A broker that does not know the topic: it may have been deleted and made anew, and with the topic what the group had
 * committed. A member goes on where it was, which is a place of the old topic; one that joins asks what is committed.
 */
function beginAnewWhereTheTopicMayBeAnother(): void {
  const { prototype } = consumerGroup()
  const recover = prototype.recoverFromFetch
  prototype.recoverFromFetch = async function (error) {
    if (error.type === 'UNKNOWN_TOPIC_OR_PARTITION') {
      await this.leave().catch(() => undefined)
      this.memberId = ''
    }
    await recover.call(this, error)
  }
}

/** It asks one broker after the other, and forgets what they said: who has no right would be told to wait. */
function tellWhyThereIsNoCoordinator(): void {
  const { prototype } = requireKafkajs('kafkajs/src/cluster/index.js') as Class<Cluster>
  const find = prototype.findGroupCoordinatorMetadata
  prototype.findGroupCoordinatorMetadata = async function (this: Cluster, of) {
    let said: Error | undefined
    const found = await this.brokerPool.withBroker(async ({ broker }) => {
      try {
        return await broker.findGroupCoordinator(of)
      } catch (error) {
        said = error as Error
        throw error
      }
    })
    if (found) return found
    if (said === undefined) return find.call(this, of)
    throw said
  }
}

const requestQueue = (): Class<RequestQueue> =>
  requireKafkajs('kafkajs/src/network/requestQueue/index.js') as Class<RequestQueue>

const consumerGroup = (): Class<ConsumerGroup> =>
  requireKafkajs('kafkajs/src/consumer/consumerGroup.js') as Class<ConsumerGroup>

function lostOffset(lost: {
  group: string
  topic: string
  partition: number
  next: string
  first: string | undefined
}): PgstreamError {
  const { group, topic, partition, next, first } = lost
  const isDeleted = first !== undefined && BigInt(first) > BigInt(next)
  const what = isDeleted
    ? `the first that is still there is ${first}: what lies between was deleted before this group had read it`
    : 'the topic ends before that: it was made anew, or has lost messages'
  return new PgstreamError(
    'PGSTREAM_KAFKA_OFFSET_LOST',
    `The group ${JSON.stringify(group)} is to read partition ${partition} of the topic ${JSON.stringify(topic)} from offset ${next} on, but ${what}.`,
  )
}
