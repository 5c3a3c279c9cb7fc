import type { Operation } from '../pipeline/processor.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { RowShape } from './row-shape.ts'
import type { DocumentOperation, Version } from './search-operation.ts'

/**
 * An ordinary document to write, whose lines stand in memory that it shares. A class of few fields, because many of them wait
 * in a full queue, and whatever lives is copied by the collector of garbage.
 */
export class WrittenDocument implements DocumentOperation {
  readonly shape: RowShape
  readonly id: string
  readonly lsn: Lsn
  readonly slab: Buffer
  readonly start: number
  readonly end: number

  constructor(shape: RowShape, id: string, lsn: Lsn, slab: Buffer, start: number, end: number) {
    this.shape = shape
    this.id = id
    this.lsn = lsn
    this.slab = slab
    this.start = start
    this.end = end
  }

  get kind(): 'index' {
    return 'index'
  }

  get index(): string {
    return this.shape.index
  }

  get schema(): string {
    return this.shape.table.schema
  }

  get table(): string {
    return this.shape.table.name
  }

  get version(): Version {
    return { value: this.lsn, type: 'external' }
  }

  get hole(): null {
    return null
  }

  get size(): number {
    return this.end - this.start
  }

  get bytes(): Buffer {
    return this.slab.subarray(this.start, this.end)
  }
}

/** Copies the lines of documents, one behind the other, into memory that has room for them. Gives their end. */
export function copyLines(operations: readonly Operation[], memory: Buffer): number {
  let at = 0
  for (let i = 0; i < operations.length; i++) {
    const first = operations[i]!
    let lines: Buffer
    if (first instanceof WrittenDocument) {
      // those that were written one behind the other are copied at once
      let { end } = first
      for (let next = operations[i + 1]; next instanceof WrittenDocument; next = operations[i + 1]) {
        if (next.slab !== first.slab || next.start !== end) break
        end = next.end
        i++
      }
      lines = first.slab.subarray(first.start, end)
    } else lines = first.bytes
    memory.set(lines, at)
    at += lines.length
  }
  return at
}
