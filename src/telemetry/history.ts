import type { StreamStatus } from './stream-status.ts'

/** One second of a stream, for plots. */
export interface HistorySample {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly rowsPerSecond: number
  readonly lagSeconds: number
  /** The fullest queue, as a share of its limit. */
  readonly queueShare: number
  /** Operations of a delivery, on average; null when there was none. */
  readonly batchSize: number | null
  /** From commit to durable, the slowest sink's 95th percentile of the last minute, in milliseconds. */
  readonly latencyMs: number | null
  readonly retainedBytes: number | null
  readonly deadLetters: number
}

const most = 600

/** What a stream did in the last ten minutes. */
export class History {
  readonly #samples: HistorySample[] = []
  #last = { at: Date.now(), rows: 0, operations: 0, batches: 0 }

  get samples(): readonly HistorySample[] {
    return this.#samples
  }

  add(at: number, { rows, sinks, slot, source, lagSeconds }: StreamStatus): void {
    const sum = (value: (sink: StreamStatus['sinks'][number]) => number): number =>
      sinks.reduce((total, sink) => total + value(sink), 0)
    const now = { at, rows, operations: sum((sink) => sink.operations), batches: sum((sink) => sink.batches) }
    const last = this.#last
    this.#last = now
    const seconds = (at - last.at) / 1000
    const batches = now.batches - last.batches
    const latencies = sinks.flatMap(({ commitToDurableMs }) => commitToDurableMs?.p95 ?? [])
    this.#samples.push({
      at,
      rowsPerSecond: seconds > 0 ? (rows - last.rows) / seconds : 0,
      lagSeconds,
      queueShare: Math.max(0, ...sinks.map(({ queue }) => queue.length / queue.limit)),
      batchSize: batches > 0 ? (now.operations - last.operations) / batches : null,
      latencyMs: latencies.length > 0 ? Math.max(...latencies) : null,
      retainedBytes: slot?.retained?.retainedBytes ?? null,
      deadLetters: source.deadLetters + sum((sink) => sink.deadLetters),
    })
    if (this.#samples.length > most) this.#samples.shift()
  }

  /** Over the last five seconds. */
  rowsPerSecond(): number {
    const last = this.#samples.slice(-5)
    return last.reduce((sum, sample) => sum + sample.rowsPerSecond, 0) / Math.max(1, last.length)
  }
}
