import type { SinkMetrics } from '../telemetry/sink-metrics.ts'

/** Tells the metrics of the changes that were done in one turn of the event loop, together. */
export class Tally {
  readonly #metrics: SinkMetrics
  #changes = 0
  #bytes = 0
  #longestMs = 0

  constructor(metrics: SinkMetrics) {
    this.#metrics = metrics
  }

  /** `startedAt` is of `performance.now()`. */
  add(bytes: number, startedAt: number): void {
    if (this.#changes === 0) setImmediate(() => this.#tell())
    this.#changes++
    this.#bytes += bytes
    this.#longestMs = Math.max(this.#longestMs, performance.now() - startedAt)
  }

  #tell(): void {
    this.#metrics.delivered(this.#changes, this.#bytes, this.#longestMs)
    this.#changes = this.#bytes = this.#longestMs = 0
  }
}
