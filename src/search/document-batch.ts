import { hashOfText, isSameText } from './id-bytes.ts'
import { idOffsetOf, lengthOf } from './search-operation.ts'
import type { BulkDocuments, DocumentOperation } from './search-operation.ts'
import { WrittenRun } from './written-run.ts'

/**
 * Documents that are sent together: of each id only the last state, which says everything of the row. Those of runs are told
 * apart by the bytes of their ids, in tables of numbers: an object and two strings for each that waits, and maps of them,
 * were 2 of 9 CPU-µs a row (test/bench/README.md).
 */
export class DocumentBatch {
  readonly #operations: readonly (DocumentOperation | WrittenRun)[]
  /** The memory in which the lines of each operation stand, among others. */
  readonly #memory: readonly Buffer[]
  /** The number of its first document. */
  readonly #firstOf: Int32Array
  /** Of each document, by its number: its operation, and where in its memory the lines begin and end, and the id. */
  readonly #operationOf: Int32Array
  readonly #starts: Uint32Array
  readonly #ends: Uint32Array
  readonly #idsAt: Uint32Array
  readonly #hashes: Int32Array
  readonly #isLeftOut: Uint8Array
  /** Numbers of documents, and one more, by hash; a place that is taken is followed by the next. */
  readonly #slots: Int32Array
  /** How many are left. */
  readonly count: number

  constructor(operations: readonly (DocumentOperation | WrittenRun)[]) {
    this.#operations = operations
    this.#memory = operations.map((operation) =>
      operation instanceof WrittenRun ? operation.slab : operation.bytes,
    )
    this.#firstOf = new Int32Array(operations.length)
    let total = 0
    for (const [i, { count = 1 }] of operations.entries()) {
      this.#firstOf[i] = total
      total += count
    }
    this.#operationOf = new Int32Array(total)
    this.#starts = new Uint32Array(total)
    this.#ends = new Uint32Array(total)
    this.#idsAt = new Uint32Array(total)
    this.#hashes = new Int32Array(total)
    this.#isLeftOut = new Uint8Array(total)
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(total + 1) + 1))
    let number = 0
    for (const [i, operation] of operations.entries()) {
      if (operation instanceof WrittenRun) {
        for (let nth = 0; nth < operation.count; nth++, number++) {
          this.#operationOf[number] = i
          this.#starts[number] = operation.startOf(nth)
          this.#ends[number] = operation.endOf(nth)
          this.#idsAt[number] = operation.startOf(nth) + operation.idOffset
        }
      } else {
        this.#operationOf[number] = i
        this.#ends[number] = lengthOf(operation)
        this.#idsAt[number++] = idOffsetOf(operation)
      }
    }
    let left = 0
    for (number = 0; number < total; number++) if (this.#put(number)) left++
    this.count = left
  }

  /** About as many in each, for so many requests. */
  portions(requests: number): Portion[] {
    const most = Math.ceil(this.count / requests)
    const portions: Portion[] = []
    for (let from = 0; from < this.#hashes.length;) {
      let [to, count, size] = [from, 0, 0]
      for (; to < this.#hashes.length; to++) {
        if (this.#isLeftOut[to] === 1) continue
        if (count === most) break
        count++
        size += this.#ends[to]! - this.#starts[to]!
      }
      portions.push(new Portion(this, { from, to, count, size }))
      from = to
    }
    return portions
  }

  /** Calls back with the number of each document of the other batch that has the id of one of these. */
  eachOfSameId({ from, to }: Range, other: DocumentBatch, then: (number: number) => void): void {
    for (let number = from; number < to; number++) {
      if (this.#isLeftOut[number] === 1) continue
      const hash = this.#hashes[number]!
      const last = other.#slots.length - 1
      for (let slot = hash & last; other.#slots[slot] !== 0; slot = (slot + 1) & last) {
        const found = other.#slots[slot]! - 1
        if (other.#hashes[found] === hash && this.#hasSameId(number, other, found)) then(found)
      }
    }
  }

  /** Copies their lines, one behind the other. Gives the end. */
  copyTo(memory: Buffer, { from, to }: Range): number {
    let at = 0
    for (let number = from; number < to; number++) {
      if (this.#isLeftOut[number] === 1) continue
      const lines = this.#linesOf(number)
      const start = this.#starts[number]!
      // those that stand one behind the other are copied at once
      while (number + 1 < to && this.#isBehind(number, lines)) number++
      const end = this.#ends[number]!
      memory.set(lines.subarray(start, end), at)
      at += end - start
    }
    return at
  }

  documents({ from, to }: Range): DocumentOperation[] {
    const documents: DocumentOperation[] = []
    for (let number = from; number < to; number++) {
      if (this.#isLeftOut[number] === 0) documents.push(this.#document(number))
    }
    return documents
  }

  /** Whether that made one more. */
  #put(number: number): boolean {
    const hash = hashOfText(this.#linesOf(number), this.#idsAt[number]!)
    this.#hashes[number] = hash
    const last = this.#slots.length - 1
    let slot = hash & last
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & last) {
      const before = this.#slots[slot]! - 1
      if (this.#hashes[before] !== hash || !this.#isSameDocument(number, before)) continue
      const older = this.#staysNewest(before, number) ? number : before
      this.#isLeftOut[older] = 1
      if (older === before) this.#slots[slot] = number + 1
      return false
    }
    this.#slots[slot] = number + 1
    return true
  }

  /**
   * By a version of the user's own. By LSNs what comes later is the newest: those of a row rise, or come once more, behind
   * Kafka, up to the newest.
   */
  #staysNewest(before: number, later: number): boolean {
    const operation = this.#operations[this.#operationOf[later]!]!
    if (operation instanceof WrittenRun || operation.version?.type !== 'external_gte') return false
    const { version } = this.#document(before)
    return version !== null && version.value > operation.version.value
  }

  #document(number: number): DocumentOperation {
    const operation = this.#operations[this.#operationOf[number]!]!
    if (!(operation instanceof WrittenRun)) return operation
    return operation.document(number - this.#firstOf[this.#operationOf[number]!]!)
  }

  #isSameDocument(a: number, b: number): boolean {
    const indexOf = (number: number): string => this.#operations[this.#operationOf[number]!]!.index
    return indexOf(a) === indexOf(b) && this.#hasSameId(a, this, b)
  }

  #hasSameId(number: number, other: DocumentBatch, otherNumber: number): boolean {
    const otherLines = other.#linesOf(otherNumber)
    return isSameText(this.#linesOf(number), this.#idsAt[number]!, otherLines, other.#idsAt[otherNumber]!)
  }

  /** Whether the next one is sent, and stands in the same memory behind it. */
  #isBehind(number: number, lines: Buffer): boolean {
    const next = number + 1
    if (this.#isLeftOut[next] === 1 || this.#starts[next] !== this.#ends[number]) return false
    return this.#linesOf(next) === lines
  }

  #linesOf(number: number): Buffer {
    return this.#memory[this.#operationOf[number]!]!
  }
}

/** A part of a batch by the numbers of documents. */
interface Range {
  readonly from: number
  /** The first that is not in it. */
  readonly to: number
  /** Those that are left. */
  readonly count: number
  readonly size: number
}

/** The documents of a batch that go by one request. */
export class Portion implements BulkDocuments {
  readonly #batch: DocumentBatch
  readonly #range: Range

  constructor(batch: DocumentBatch, range: Range) {
    this.#batch = batch
    this.#range = range
  }

  get count(): number {
    return this.#range.count
  }

  get size(): number {
    return this.#range.size
  }

  copyTo(memory: Buffer): number {
    return this.#batch.copyTo(memory, this.#range)
  }

  documents(): readonly DocumentOperation[] {
    return this.#batch.documents(this.#range)
  }

  /** Whether it has the document of its batch with this number. */
  has(number: number): boolean {
    return this.#range.from <= number && number < this.#range.to
  }

  /** Calls back with the number of each document of another batch that has the id of one of these. */
  eachOfSameId(other: DocumentBatch, then: (number: number) => void): void {
    this.#batch.eachOfSameId(this.#range, other, then)
  }
}
