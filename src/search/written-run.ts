import type { Operation } from '../pipeline/processor.ts'
import { lsn as asLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import { endOfText } from './id-bytes.ts'
import type { DocumentOperation } from './search-operation.ts'
import { versionName, WrittenDocument } from './written-document.ts'

const comma = 0x2c

/**
 * Documents whose lines stand one behind the other in one piece of memory. One operation for all of them, because each of
 * those that wait in a queue costs its share of every step on the way, and of the collection of garbage (test/bench/README.md).
 * The version of each is the LSN of its change.
 */
export class WrittenRun implements Operation {
  readonly kind = 'run'
  readonly #first: WrittenDocument
  readonly #ends: number[]
  #highest: Lsn

  constructor(first: WrittenDocument) {
    this.#first = first
    this.#ends = [first.end]
    this.#highest = first.lsn
  }

  get count(): number {
    return this.#ends.length
  }

  /** The highest. */
  get lsn(): Lsn {
    return this.#highest
  }

  get size(): number {
    return this.endOf(this.count - 1) - this.#first.start
  }

  get bytes(): Buffer {
    return this.#first.slab.subarray(this.#first.start, this.endOf(this.count - 1))
  }

  get index(): string {
    return this.#first.index
  }

  /** Where its lines stand, among others. */
  get slab(): Buffer {
    return this.#first.slab
  }

  startOf(nth: number): number {
    return nth === 0 ? this.#first.start : this.#ends[nth - 1]!
  }

  endOf(nth: number): number {
    return this.#ends[nth]!
  }

  /** How far behind its start a document has its id. */
  get idOffset(): number {
    return this.#first.shape.bytes.action.length
  }

  /** Whether it has taken the document: one of the same table whose lines begin where these end. */
  add({ shape, lsn, slab, start, end }: WrittenDocument): boolean {
    const first = this.#first
    if (slab !== first.slab || shape !== first.shape || start !== this.endOf(this.count - 1)) return false
    this.#ends.push(end)
    if (lsn > this.#highest) this.#highest = lsn
    return true
  }

  /** One of them, for whoever has to know it. */
  document(nth: number): WrittenDocument {
    const { shape, slab } = this.#first
    const start = this.startOf(nth)
    const versionAt = endOfText(slab, start + this.idOffset) + versionName.length
    const version = slab.toString('latin1', versionAt, slab.indexOf(comma, versionAt))
    return new WrittenDocument(shape, asLsn(BigInt(version)), slab, start, this.endOf(nth))
  }
}

/** Puts documents into runs, in the order in which they are queued. */
export class Runs {
  #last: WrittenRun | null = null

  /** The run that begins with the document; null when the one before it has taken it, which it may where it `mayGrow`. */
  put(document: WrittenDocument, mayGrow: boolean): WrittenRun | null {
    if (mayGrow && this.#last?.add(document)) return null
    return (this.#last = new WrittenRun(document))
  }

  /** Something else was queued. */
  end(): void {
    this.#last = null
  }
}

/** Documents, with those of runs one by one. */
export const oneByOne = (operations: readonly (DocumentOperation | WrittenRun)[]): DocumentOperation[] =>
  operations.flatMap<DocumentOperation>((operation) =>
    operation instanceof WrittenRun
      ? Array.from({ length: operation.count }, (_, nth) => operation.document(nth))
      : operation,
  )
