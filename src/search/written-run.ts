import type { Operation } from '../pipeline/processor.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { DocumentOperation } from './search-operation.ts'
import { WrittenDocument } from './written-document.ts'

const newline = 0x0a
const quote = 0x22
const backslash = 0x5c

/**
 * Documents of rows that a backfill read, whose lines stand one behind the other in one piece of memory. One operation for all
 * of them, because each of those that wait in a queue costs its share of every step on the way, and of the collection of
 * garbage (test/bench/README.md). All have the version of one `low`, so none of them replaces another.
 */
export class WrittenRun implements Operation {
  readonly kind = 'run'
  readonly #first: WrittenDocument
  #end: number
  #count = 1

  constructor(first: WrittenDocument) {
    this.#first = first
    this.#end = first.end
  }

  get count(): number {
    return this.#count
  }

  get lsn(): Lsn {
    return this.#first.lsn
  }

  get size(): number {
    return this.#end - this.#first.start
  }

  get bytes(): Buffer {
    return this.#first.slab.subarray(this.#first.start, this.#end)
  }

  /** Whether it has taken the document: one of the same table and version whose lines begin where these end. */
  add({ shape, lsn, slab, start, end }: WrittenDocument): boolean {
    const first = this.#first
    if (start !== this.#end || slab !== first.slab || shape !== first.shape || lsn !== first.lsn) return false
    this.#end = end
    this.#count++
    return true
  }

  /** One by one, for whoever has to tell them apart. */
  documents(): WrittenDocument[] {
    const { shape, lsn, slab, start } = this.#first
    const documents: WrittenDocument[] = []
    for (let at = start; at < this.#end;) {
      const source = slab.indexOf(newline, at) + 1
      const end = slab.indexOf(newline, source) + 1
      const id = idWithin(slab, at + shape.bytes.action.length, source)
      documents.push(new WrittenDocument(shape, id, lsn, slab, at, end))
      at = end
    }
    return documents
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

/** The id whose opening quote stands at `at`. */
function idWithin(lines: Buffer, at: number, end: number): string {
  const escape = lines.subarray(at, end).indexOf(backslash)
  if (escape < 0) return lines.toString('utf8', at + 1, lines.indexOf(quote, at + 1))
  let close = at + 1
  while (lines[close] !== quote) close += lines[close] === backslash ? 2 : 1
  return JSON.parse(lines.toString('utf8', at, close + 1)) as string
}

/** Documents, with those of runs one by one. */
export const oneByOne = (operations: readonly (DocumentOperation | WrittenRun)[]): DocumentOperation[] =>
  operations.flatMap<DocumentOperation>((operation) =>
    operation instanceof WrittenRun ? operation.documents() : operation,
  )
