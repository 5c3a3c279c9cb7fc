import { describeError } from './describe-error.ts'
import { Latency } from './latency.ts'

/** Why something does not go on, for whoever watches; without secrets and row values. */
export interface Problem {
  readonly code?: string | undefined
  readonly message: string
  readonly remedy?: string | undefined
  /** Milliseconds since 1970. */
  readonly since: number
}

/** One delivery that became durable. */
export interface DeliveredBatch {
  readonly operations: number
  readonly bytes: number
  /** How long the destination took, retries included, in milliseconds. */
  readonly tookMs: number
  /** From the commit of its oldest transaction until now, in milliseconds; null when no transaction ended in it. */
  readonly lagMs: number | null
}

/** What is waiting in a sink. */
export interface SinkQueue {
  /** In bytes, or events where the sink takes objects. */
  readonly length: number
  /** From here on the source waits. */
  readonly limit: number
  readonly unit: 'bytes' | 'events'
  /** When the oldest transaction was committed that is not durable: microseconds since 1970; 0 when there is none. */
  readonly oldestCommit: number
}

/**
 * What a sink knows of itself, for metrics, status and health. Every sink has one, as `metrics`; the base classes keep it,
 * per batch and per transaction. A sink itself says only what they cannot know: `retrying`, `deadLettered` and
 * `ignored`.
 */
export class SinkMetrics {
  batches = 0
  operations = 0
  bytes = 0
  retries = 0
  deadLetters = 0
  /** Values that the destination keeps and cannot look up, because its mapping refuses them. */
  ignoredValues = 0
  /** Connections are open. */
  opened = false
  /** When something last became durable: milliseconds since 1970; 0 before that. */
  lastDelivery = 0
  /** From the commit in Postgres until it is durable here, by the clocks of both machines. */
  readonly commitToDurable: Latency = new Latency()
  /** Of a delivery. */
  readonly delivery: Latency = new Latency()
  readonly queue: () => SinkQueue
  #problem: Problem | null = null
  #oldestLagMs: number | null = null
  #onBatch: ((batch: DeliveredBatch) => void) | undefined

  constructor(queue: () => SinkQueue) {
    this.queue = queue
  }

  /** What the delivery under way fails with, again and again; null when it does not. */
  get problem(): Problem | null {
    return this.#problem
  }

  /** An attempt to deliver failed, and is made again. */
  retrying(error: unknown): void {
    this.retries++
    const { code, message, remedy } = describeError(error)
    this.#problem = { code, message, remedy, since: this.#problem?.since ?? Date.now() }
  }

  /** So many operations went to the dead letters: the destination will never take them. */
  deadLettered(count = 1): void {
    this.deadLetters += count
  }

  /** A value is delivered, and the destination cannot look it up. */
  ignored(): void {
    this.ignoredValues++
  }

  /** A transaction that was committed then, in microseconds since 1970, is durable. */
  committed(commitTime: number): void {
    const ms = Date.now() - commitTime / 1000
    this.commitToDurable.add(ms)
    this.#oldestLagMs ??= ms
  }

  /** A batch is durable, and so is what was said to be `committed` since the last. */
  delivered(operations: number, bytes: number, tookMs: number): void {
    this.batches++
    this.operations += operations
    this.bytes += bytes
    this.lastDelivery = Date.now()
    this.#problem = null
    this.delivery.add(tookMs)
    const lagMs = this.#oldestLagMs === null ? null : Math.max(0, this.#oldestLagMs)
    this.#oldestLagMs = null
    this.#onBatch?.({ operations, bytes, tookMs, lagMs })
  }

  /** From now on hears of each batch. */
  onBatch(listener: (batch: DeliveredBatch) => void): void {
    this.#onBatch = listener
  }
}
