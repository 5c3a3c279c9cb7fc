import { formatSeconds } from './format.ts'
import type { SinkMetrics } from './sink-metrics.ts'
import { History } from './history.ts'
import type { HistorySample } from './history.ts'
import type { SlotSight } from './retained-wal.ts'
import type { SourceMetrics, SourceState } from './source-metrics.ts'
import type { ChangeCounts, SinkStatus, StreamStatus } from './stream-status.ts'

export interface WatchedSink {
  readonly name: string
  readonly metrics: SinkMetrics
}

export interface Between {
  /** Whether something waits there. */
  readonly isHeld: () => boolean
  /** How much came through to the sinks since the start, positions too. */
  readonly passed: () => number
}

export interface StreamWatchOptions {
  /** Where changes come from, without a secret. */
  readonly about: string
  readonly source: SourceMetrics | undefined
  readonly sinks: readonly WatchedSink[]
  readonly counts: ChangeCounts
  /** What stands between the source and the sinks may wait for something, too. */
  readonly between: Between
  /** What the guardian last saw; not for sources without a slot. */
  readonly slot?: (() => SlotSight) | undefined
  /** A sink that has something to deliver and delivers nothing for so long is stalled, in milliseconds. */
  readonly stallAfterMs: number
}

const sampleEveryMs = 1_000

/** Watches a stream while it runs: what it does now, and what it did in the last minutes. */
export class StreamWatch {
  readonly #options: StreamWatchOptions
  readonly #startedAt = Date.now()
  readonly #history = new History()
  /** When each sink was last seen with nothing to deliver. */
  readonly #idleAt = new Map<WatchedSink, number>()
  /** When something last passed, or nothing waited, between the source and the sinks. */
  #passedAt = Date.now()
  #passed = 0
  readonly #timer: NodeJS.Timeout

  constructor(options: StreamWatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#sample(), sampleEveryMs)
    this.#timer.unref()
  }

  get sinks(): readonly WatchedSink[] {
    return this.#options.sinks
  }

  get counts(): ChangeCounts {
    return this.#options.counts
  }

  /** The last minutes, a sample per second, the oldest first. */
  get history(): readonly HistorySample[] {
    return this.#history.samples
  }

  status(): StreamStatus {
    const { about, source, counts, slot } = this.#options
    const sinks = this.#options.sinks.map((sink) => this.#statusOf(sink))
    const sight = slot?.() ?? null
    const stuckMs = Date.now() - this.#passedAt
    const isStuck = stuckMs > this.#options.stallAfterMs && !sinks.some(({ stalled }) => stalled)
    const reasons = [
      ...(source && source.state !== 'reading'
        ? [`The source is ${words[source.state]}${source.problem ? `: ${source.problem.message}` : '.'}`]
        : []),
      ...(source?.state === 'reading' && sight ? this.#silenceOf(sight) : []),
      ...(sight?.retained?.level === 'lost' ? ['Postgres removed WAL that the slot needs.'] : []),
      ...sinks.flatMap(({ name, opened, stalled, problem }) =>
        !opened
          ? [`The processor ${name} is not connected.`]
          : stalled
            ? [`The processor ${name} delivers nothing${problem ? `: ${problem.message}` : '.'}`]
            : [],
      ),
      ...(isStuck ? [`For ${formatSeconds(stuckMs / 1000)} no change has come through to a processor.`] : []),
    ]
    return {
      ready: reasons.length === 0,
      reasons,
      pid: process.pid,
      startedAt: isoTime(this.#startedAt),
      uptimeSeconds: Math.round((Date.now() - this.#startedAt) / 1000),
      source: {
        about,
        state: source?.state ?? 'reading',
        since: source ? isoTime(source.since) : null,
        losses: source?.losses ?? 0,
        deadLetters: source?.deadLetters ?? 0,
        problem: source?.problem ?? null,
      },
      slot: sight,
      rows: counts.rows,
      schemaChanges: counts.schemaChanges,
      messages: counts.messages,
      rowsPerSecond: this.#history.rowsPerSecond(),
      lagSeconds: Math.max(isStuck ? stuckMs / 1000 : 0, ...sinks.map(({ lagSeconds }) => lagSeconds)),
      sinks,
      lastSchemaChanges: counts.lastSchemaChanges,
    }
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #statusOf(sink: WatchedSink): SinkStatus {
    const { name, metrics } = sink
    const { length, limit, unit, oldestCommit } = metrics.queue()
    const { opened, operations, batches, bytes, retries, deadLetters, ignoredValues } = metrics
    const { lastDelivery, problem } = metrics
    return {
      ...{ name, opened, operations, batches, bytes, retries, deadLetters, ignoredValues },
      queue: { length, limit, unit },
      lagSeconds: oldestCommit === 0 ? 0 : Math.max(0, (Date.now() - oldestCommit / 1000) / 1000),
      lastDelivery: lastDelivery === 0 ? null : isoTime(lastDelivery),
      stalled: length > 0 && Date.now() - this.#movedAt(sink) > this.#options.stallAfterMs,
      problem,
      commitToDurableMs: metrics.commitToDurable.percentiles(),
      deliveryMs: metrics.delivery.percentiles(),
    }
  }

  /** A server that hangs keeps its connections: that it answers no question tells it before the listener gives it up. */
  #silenceOf({ problem, seenAt }: SlotSight): string[] {
    const isSilent = seenAt > 0 && Date.now() - seenAt > this.#options.stallAfterMs
    if (!isSilent || problem?.code !== 'PGSTREAM_SOURCE_UNREACHABLE') return []
    return [`The source does not answer: ${problem.message}`]
  }

  #movedAt(sink: WatchedSink): number {
    return Math.max(this.#startedAt, sink.metrics.lastDelivery, this.#idleAt.get(sink) ?? 0)
  }

  #sample(): void {
    const now = Date.now()
    for (const sink of this.#options.sinks) {
      if (sink.metrics.queue().length === 0) this.#idleAt.set(sink, now)
    }
    const { between, sinks } = this.#options
    const passed = between.passed()
    const isSinks = sinks.some(({ metrics }) => metrics.queue().length > 0)
    if (passed !== this.#passed || isSinks || !between.isHeld()) this.#passedAt = now
    this.#passed = passed
    this.#history.add(now, this.status())
  }
}

const words: Readonly<Record<SourceState, string>> = {
  connecting: 'not connected yet',
  reading: 'connected',
  lost: 'away',
  ended: 'read to its end',
}

const isoTime = (ms: number): string => new Date(ms).toISOString()
