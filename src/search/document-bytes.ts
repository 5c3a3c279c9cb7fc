import { writeBytes, writePlain, writeText } from '../wal/json-bytes.ts'
import type { Lsn } from '../wal/lsn.ts'
import { notWritten } from '../wal/printed-bytes.ts'
import type { PrintedChange } from '../wal/printed-change.ts'
import { countBytes, isNullAt, valueAt, valueEnd } from '../wal/printed-value.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Row } from '../wal/value.ts'
import { lsnField } from './index-mapping.ts'
import { mostOfOther, writeBigint } from './member-bytes.ts'
import { printedId, writePrintedId } from './printed-id.ts'
import type { RowShape } from './row-shape.ts'
import type { Version } from './search-operation.ts'
import { versionName, WrittenDocument } from './written-document.ts'

/** What may be longer is made as a string. */
const mostBytes = 48 * 1024
const slabBytes = 128 * 1024
/** An id, escaped, two numbers and punctuation. */
const frameBytes = 4096
const mostOfPlain = 400

let slab: Buffer = Buffer.alloc(0)
let used = 0

const lsnName = Buffer.from(`,"${lsnField}":`)
const versionTypes = {
  external: Buffer.from(',"version_type":"external"}}\n'),
  external_gte: Buffer.from(',"version_type":"external_gte"}}\n'),
} as const

/** A document but for its values. */
export interface DocumentFrame {
  readonly id: string
  readonly version: Version
  readonly lsn: Lsn
}

/**
 * The lines of an ordinary document for the bulk API, written as bytes piece after piece: a string that then becomes bytes
 * costs twice as much (test/bench/README.md). Short ones share slabs of memory. Null for what is long or large.
 */
export function writeLines(shape: RowShape, frame: DocumentFrame, values: Row): WrittenDocument | null {
  const { members, action } = shape.bytes
  let most = mostOfFrame(shape)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (typeof value === 'object' && value !== null) return null
    most += members[i]!.most(typeof value === 'string' ? value.length : 0)
  }
  const { id, version, lsn } = frame
  if (id.length > mostOfPlain || !hasRoom(most)) return null
  const start = used
  let at = writeText(slab, writeBytes(slab, start, action), id)
  at = writeHead(at, shape, version, lsn)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value !== unchangedToast) at = members[i]!.write(slab, at, value)
  }
  return written(shape, lsn, start, at)
}

/** The same of the new row of a change that stayed as it was printed: most values are copied. */
export function writePrintedLines(shape: RowShape, change: PrintedChange): WrittenDocument | null {
  const { bytes, newAt, lsn, table, decoder } = change
  const { kinds } = table
  const { members, action } = shape.bytes
  if (!hasRoom(mostOfPrinted(shape, change))) return null
  const start = used
  let at = writePrintedId(slab, writeBytes(slab, start, action), shape, change)
  if (at === notWritten) {
    const id = printedId(shape, change)
    if (id === null || id.length > mostOfPlain) return null
    at = writeText(slab, start + action.length, id)
  }
  at = writeHead(at, shape, { value: lsn, type: 'external' }, lsn)
  let from = newAt + countBytes
  for (let i = 0; i < kinds.length; i++) {
    const { write, writePrinted } = members[i]!
    const isNull = isNullAt(bytes, from)
    from = valueAt(bytes, from)
    if (isNull) {
      at = write(slab, at, null)
      continue
    }
    const end = valueEnd(bytes, from)
    const behind = writePrinted(slab, at, bytes, from, end, kinds[i]!)
    if (behind === notWritten) {
      const value = decoder.value(kinds[i]!, bytes, from, end)
      if (typeof value === 'object') return null
      at = write(slab, at, value)
    } else at = behind
    from = end
  }
  return written(shape, lsn, start, at)
}

const mostOfFrame = ({ bytes: { action, head } }: RowShape): number =>
  frameBytes + action.length + head.length

/** Each value is looked at only where all together are too long as the longest that there are. */
function mostOfPrinted(shape: RowShape, { bytes, newAt, table: { kinds } }: PrintedChange): number {
  const { members, mostOfNames } = shape.bytes
  let most = mostOfFrame(shape) + mostOfNames + mostOfOther * (bytes.length - newAt)
  if (most <= mostBytes) return most
  most = mostOfFrame(shape)
  let from = newAt + countBytes
  for (let i = 0; i < kinds.length; i++) {
    const isNull = isNullAt(bytes, from)
    const start = valueAt(bytes, from)
    from = isNull ? start : valueEnd(bytes, start)
    most += members[i]!.most(from - start)
  }
  return most
}

/** Sees to it that there is room in the slab. */
function hasRoom(most: number): boolean {
  if (most > mostBytes) return false
  if (used + most > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes)
    used = 0
  }
  return true
}

/** What stands behind the id, and what every document begins with. */
function writeHead(start: number, { bytes: { head } }: RowShape, { value, type }: Version, lsn: Lsn): number {
  let at = writeBigint(slab, writeBytes(slab, start, versionName), value)
  at = writeBytes(slab, at, versionTypes[type])
  return writeBigint(slab, writeBytes(slab, writeBytes(slab, at, head), lsnName), lsn)
}

function written(shape: RowShape, lsn: Lsn, start: number, at: number): WrittenDocument {
  used = writePlain(slab, at, '}\n')
  return new WrittenDocument(shape, lsn, slab, start, used)
}
