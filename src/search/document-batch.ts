import { hashOfText, isSameText } from './id-bytes.ts'
import { actionStart, lengthOf } from './search-operation.ts'
import type { BulkDocuments, DocumentOperation } from './search-operation.ts'
import { WrittenRun } from './written-run.ts'

/**
 * Documents that are sent together: of each id only the last state, which says everything of the row. Those of runs are told
 * apart by the bytes of their ids, in tables of numbers: an object and two strings for each that waits, and maps of them,
 * were 2 of 10 CPU-µs a row (test/bench/README.md).
 */
export class DocumentBatch {
  readonly #operations: readonly (DocumentOperation | WrittenRun)[]
  /** Of each document, by its number: its operation, its place in a run, the hash of its id, and whether it is left out. */
  readonly #operationOf: Int32Array
  readonly #nthOf: Int32Array
  readonly #hashes: Int32Array
  readonly #isLeftOut: Uint8Array
  /** Numbers of documents, and one more, by hash; a place that is taken is followed by the next. */
  readonly #slots: Int32Array
  /** How many are left. */
  readonly count: number

  constructor(operations: readonly (DocumentOperation | WrittenRun)[]) {
    this.#operations = operations
    let total = 0
    for (const { count = 1 } of operations) total += count
    this.#operationOf = new Int32Array(total)
    this.#nthOf = new Int32Array(total)
    this.#hashes = new Int32Array(total)
    this.#isLeftOut = new Uint8Array(total)
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(total + 1) + 1))
    let left = 0
    let number = 0
    for (const [i, { count = 1 }] of operations.entries()) {
      for (let nth = 0; nth < count; nth++, number++) {
        this.#operationOf[number] = i
        this.#nthOf[number] = nth
        if (this.#put(number)) left++
      }
    }
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
        size += this.#sizeOf(to)
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
      const operation = this.#operations[this.#operationOf[number]!]!
      let lines: Buffer
      if (operation instanceof WrittenRun) {
        const start = operation.startOf(this.#nthOf[number]!)
        // those that stand one behind the other are copied at once
        while (number + 1 < to && this.#nthOf[number + 1]! > 0 && this.#isLeftOut[number + 1] === 0) number++
        lines = operation.slab.subarray(start, operation.endOf(this.#nthOf[number]!))
      } else lines = operation.bytes
      memory.set(lines, at)
      at += lines.length
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
    const hash = hashOfText(this.#linesOf(number), this.#idAt(number))
    this.#hashes[number] = hash
    const last = this.#slots.length - 1
    let slot = hash & last
    for (; this.#slots[slot] !== 0; slot = (slot + 1) & last) {
      const before = this.#slots[slot]! - 1
      if (this.#hashes[before] !== hash || !this.#isSameDocument(number, before)) continue
      const older = this.#isNewer(before, number) ? number : before
      this.#isLeftOut[older] = 1
      if (older === before) this.#slots[slot] = number + 1
      return false
    }
    this.#slots[slot] = number + 1
    return true
  }

  /** By a version of the user's own: the LSNs of one row only rise. */
  #isNewer(before: number, number: number): boolean {
    const operation = this.#operations[this.#operationOf[number]!]!
    if (operation instanceof WrittenRun || operation.version?.type !== 'external_gte') return false
    const { version } = this.#document(before)
    return version !== null && version.value > operation.version.value
  }

  #document(number: number): DocumentOperation {
    const operation = this.#operations[this.#operationOf[number]!]!
    return operation instanceof WrittenRun ? operation.document(this.#nthOf[number]!) : operation
  }

  #isSameDocument(a: number, b: number): boolean {
    const indexOf = (number: number): string => this.#operations[this.#operationOf[number]!]!.index
    return indexOf(a) === indexOf(b) && this.#hasSameId(a, this, b)
  }

  #hasSameId(number: number, other: DocumentBatch, otherNumber: number): boolean {
    const [lines, otherLines] = [this.#linesOf(number), other.#linesOf(otherNumber)]
    return isSameText(lines, this.#idAt(number), otherLines, other.#idAt(otherNumber))
  }

  #sizeOf(number: number): number {
    const operation = this.#operations[this.#operationOf[number]!]!
    if (!(operation instanceof WrittenRun)) return lengthOf(operation)
    const nth = this.#nthOf[number]!
    return operation.endOf(nth) - operation.startOf(nth)
  }

  /** The memory that has them, among others. */
  #linesOf(number: number): Buffer {
    const operation = this.#operations[this.#operationOf[number]!]!
    return operation instanceof WrittenRun ? operation.slab : operation.bytes
  }

  /** Where its id begins in that. */
  #idAt(number: number): number {
    const operation = this.#operations[this.#operationOf[number]!]!
    return operation instanceof WrittenRun
      ? operation.startOf(this.#nthOf[number]!) + operation.idOffset
      : Buffer.byteLength(actionStart(operation.kind, operation.index))
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
