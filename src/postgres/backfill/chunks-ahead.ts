import type { BegunChunk } from './begun-chunk.ts'
import type { Chunk } from './chunk.ts'
import type { StreamSide } from './stream-side.ts'
import type { TableFill } from './table-fill.ts'
import type { Traffic } from './traffic.ts'

/** As many chunks of a table wait together for the transactions that were writing to it. */
const most = 32
/** A chunk that waited for so long could have been read in that time, with its rest. */
const msPerChunk = 16
/** Short transactions do not hold up anything. */
const shortMs = 5

/**
 * Chunks whose `low` is written before it is their turn, all of one table: whoever was writing then may have ended when it
 * is. One after the other, each would wait for a transaction that lasts.
 */
export class ChunksAhead {
  readonly #stream: StreamSide
  readonly #begin: (chunk: Chunk) => Promise<BegunChunk>
  readonly #queue: { readonly chunk: Chunk; readonly begun: Promise<BegunChunk> }[] = []
  #wanted = 0

  constructor(stream: StreamSide, begin: (chunk: Chunk) => Promise<BegunChunk>) {
    this.#stream = stream
    this.#begin = begin
  }

  /** Chunks that are begun and not taken. */
  get count(): number {
    return this.#queue.length
  }

  /** A chunk had to wait for so long when it was its turn: more of them are to wait together, or fewer by and by. */
  waited(ms: number): void {
    if (ms < shortMs) this.#wanted = Math.max(0, this.#wanted - 0.25)
    else this.#wanted = Math.min(most, Math.max(2 * this.#wanted, ms / msPerChunk))
  }

  /** Begins as many as are worth it, and one at least where nobody is held up. */
  fill(table: TableFill, traffic: Traffic): void {
    const wanted = Math.max(traffic === 'busy' ? 0 : 1, Math.round(this.#wanted))
    while (this.#queue.length < wanted) {
      const chunk = this.#stream.begin(table)
      const begun = this.#begin(chunk)
      begun.catch(() => undefined) // told to who takes it
      this.#queue.push({ chunk, begun })
    }
  }

  /** What was begun first for this table; what was for another is of no use any more. */
  take(table: TableFill): Promise<BegunChunk> | null {
    for (let first = this.#queue.shift(); first; first = this.#queue.shift()) {
      if (first.chunk.table === table && !first.chunk.isOutdated) return first.begun
      this.#stream.drop(first.chunk)
    }
    return null
  }

  drop(): void {
    for (const { chunk } of this.#queue.splice(0)) this.#stream.drop(chunk)
  }
}
