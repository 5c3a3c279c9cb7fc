import { frameHeaderBytes } from '../read-in-front.ts'

/** Frames that lie one behind the other. */
interface Run {
  readonly bytes: Buffer
  readonly start: number
  end: number
}

/**
 * Rows of a query, kept as the frames that came (DataRow, https://www.postgresql.org/docs/current/protocol-message-formats.html):
 * what they take is what is counted. They are read one by one, when they are wanted.
 */
export class DataRows {
  readonly #runs: Run[] = []
  #count = 0
  #bytes = 0
  #lastAt = 0

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#bytes
  }

  /** A frame whose memory nobody else writes to. */
  add(bytes: Buffer, start: number, end: number): void {
    const run = this.#runs.at(-1)
    if (run?.bytes === bytes && run.end === start) run.end = end
    else this.#runs.push({ bytes, start, end })
    this.#lastAt = start
    this.#count++
    this.#bytes += end - start
  }

  /** What each frame carries, in order. */
  *[Symbol.iterator](): Generator<Buffer, undefined> {
    for (const { bytes, start, end } of this.#runs)
      for (let at = start; at < end;) {
        const next = at + 1 + bytes.readUInt32BE(at + 1)
        yield bytes.subarray(at + frameHeaderBytes, next)
        at = next
      }
  }

  /** The last row; undefined when there is none. */
  get last(): Buffer | undefined {
    const run = this.#runs.at(-1)
    return run?.bytes.subarray(this.#lastAt + frameHeaderBytes, run.end)
  }
}
