import type { Lsn } from '../wal/lsn.ts'
import { endOfText } from './id-bytes.ts'
import type { RowShape } from './row-shape.ts'
import type { DocumentOperation, Version } from './search-operation.ts'

/** What stands between its id and its version. */
export const versionName: Buffer = Buffer.from(',"version":')

/**
 * An ordinary document to write, whose lines stand in memory that it shares. A class of few fields, because many of them wait
 * in a full queue, and whatever lives is copied by the collector of garbage.
 */
export class WrittenDocument implements DocumentOperation {
  readonly shape: RowShape
  readonly lsn: Lsn
  readonly slab: Buffer
  readonly start: number
  readonly end: number

  constructor(shape: RowShape, lsn: Lsn, slab: Buffer, start: number, end: number) {
    this.shape = shape
    this.lsn = lsn
    this.slab = slab
    this.start = start
    this.end = end
  }

  get kind(): 'index' {
    return 'index'
  }

  /** Made when it is asked for: most of the time nobody does. */
  get id(): string {
    const at = this.start + this.shape.bytes.action.length
    return JSON.parse(this.slab.toString('utf8', at, endOfText(this.slab, at))) as string
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
