import type { Value } from '../../wal/value.ts'
import type { ValueKind } from '../../wal/value-kind.ts'
import { CopyLine } from './copy-line.ts'

const newline = 0x0a
const firstBytes = 64 * 1024

/** Of the last chunks: the next one needs as much, and memory that is dropped is there until all garbage is collected. */
const spares: Buffer[] = []
const mostSpares = 4
const mostOfSpare = 1024 * 1024

/**
 * Rows in the text format of COPY (https://www.postgresql.org/docs/current/sql-copy.html), kept as the bytes that came:
 * what they take is what is counted. They are decoded one by one, when they are wanted.
 */
export class CopyLines {
  #bytes: Buffer = spares.pop() ?? Buffer.allocUnsafeSlow(firstBytes)
  #length = 0
  #rows = 0

  get rows(): number {
    return this.#rows
  }

  get bytes(): number {
    return this.#length
  }

  /** One row with its newline. Copies. */
  add(line: Buffer): void {
    const length = this.#length + line.length
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length, this.#bytes.length * 2))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    line.copy(this.#bytes, this.#length)
    this.#length = length
    this.#rows++
  }

  /** The rows, in order. */
  *[Symbol.iterator](): Generator<CopyLine, undefined> {
    for (let at = 0; at < this.#length;) {
      const end = endOfLine(this.#bytes, at, this.#length)
      yield new CopyLine(this.#bytes, at, end)
      at = end + 1
    }
  }

  /** The values of the last row; undefined when there is none. */
  last(kinds: readonly ValueKind[]): Value[] | undefined {
    if (this.#rows === 0) return undefined
    const before = this.#length < 2 ? -1 : this.#bytes.lastIndexOf(newline, this.#length - 2)
    return new CopyLine(this.#bytes, before + 1, this.#length - 1).values(kinds)
  }

  /** Nobody has any of it any more. */
  giveBack(): void {
    if (this.#bytes.length <= mostOfSpare && spares.length < mostSpares) spares.push(this.#bytes)
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
  }
}

function endOfLine(bytes: Buffer, from: number, length: number): number {
  const end = bytes.indexOf(newline, from)
  return end < 0 || end >= length ? length : end
}
