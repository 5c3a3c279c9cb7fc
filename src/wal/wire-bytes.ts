import type { ChangeEvent, DeleteEvent, InsertEvent, UpdateEvent } from './event.ts'
import { writeBytes, writeInteger, writeLsn, writeNumber, writePlain, writeText } from './json-bytes.ts'
import { isJsonNumber } from './json-text.ts'
import { shapeBytes, shapeOf } from './shape-json.ts'
import type { ShapeJson } from './shape-json.ts'
import { mostOfPrinted, notWritten, writePrinted } from './printed-bytes.ts'
import { PrintedChange } from './printed-change.ts'
import { mostOfSlab, slabs } from './slab.ts'
import { formatTime } from './time.ts'
import { unchangedToast } from './value.ts'
import type { Row } from './value.ts'
import { WireChange } from './wire-change.ts'

/** Everything beside values and what depends on the shape: LSNs, time, numbers, punctuation. */
const frameBytes = 400
const mostOfCharacter = 6
const mostOfNumber = 32
const mostOfUtf16 = 3

export type OrdinaryEvent = InsertEvent | UpdateEvent | DeleteEvent

/**
 * The wire JSON of an ordinary row, written as bytes piece after piece: half the cost of a string that then becomes bytes
 * (test/bench/README.md). Short ones share slabs of memory. Null for everything else: events of other kinds, rows of megabytes, binary
 * and large values, and those that did not change.
 */
export function writeRow(event: ChangeEvent, before: string, after: string): Buffer | null {
  if (!isOrdinary(event)) return null
  const bytes = mostOfUtf16 * (before.length + after.length) + mostOfRow(event)
  if (bytes > mostOfSlab) return bytes > mostOfScratch ? null : writeLarge(event, before, after, bytes)
  const out = slabs.withRoom(bytes)
  const start = slabs.used
  const at = writeRowAt(out, writePlain(out, start, before), event)
  if (at === notWritten) return null
  const end = writePlain(out, at, after)
  slabs.use(end)
  return out.subarray(start, end)
}

/** What a large row may take is several times what it takes. */
const mostOfScratch = 4 * 1024 * 1024
const scratchStep = 256 * 1024
let scratch = Buffer.alloc(0)

function writeLarge(event: OrdinaryEvent, before: string, after: string, most: number): Buffer | null {
  if (scratch.length < most) scratch = Buffer.allocUnsafeSlow(Math.ceil(most / scratchStep) * scratchStep)
  const at = writeRowAt(scratch, writePlain(scratch, 0, before), event)
  return at === notWritten ? null : Buffer.from(scratch.subarray(0, writePlain(scratch, at, after)))
}

/** Of a kind that may be written so. */
export const isOrdinary = (event: ChangeEvent): event is OrdinaryEvent =>
  event.kind === 'insert' || event.kind === 'update' || event.kind === 'delete'

/** An upper bound of what `writeRowAt` writes; infinity for what it cannot write. */
export function mostOfRow(event: OrdinaryEvent): number {
  if (event instanceof WireChange && event.isAsRead) return event.bytes.length
  const most = frameBytes + 2 * shapeBytes(shapeOf(event.relation, event.translation)).total
  if (event instanceof PrintedChange) return most + mostOfPrinted(event)
  const identity = identityOf(event)
  return (
    most + (event.kind === 'delete' ? 0 : mostOf(event.values)) + (identity === null ? 0 : mostOf(identity))
  )
}

const identityOf = (event: OrdinaryEvent): Row | null =>
  event.kind === 'insert' ? null : event.kind === 'delete' ? event.old : (event.old ?? event.values)

/** An upper bound of what its values take; infinity for what is not ordinary. */
function mostOf(row: Row): number {
  let bytes = 0
  for (let i = 0; i < row.length; i++) {
    const value = row[i]!
    if (typeof value === 'string') bytes += mostOfCharacter * value.length + 2
    else if (typeof value === 'object' && value !== null) return Infinity
    else if (value === unchangedToast) return Infinity
    else bytes += mostOfNumber
  }
  return bytes
}

/** Writes it to `out` at `start`, where there must be room, and gives the place behind it, or `notWritten`. */
export function writeRowAt(out: Buffer, start: number, event: OrdinaryEvent): number {
  if (event instanceof WireChange && event.isAsRead) return writeBytes(out, start, event.bytes)
  const shape = shapeOf(event.relation, event.translation)
  const { names, metadata } = shapeBytes(shape)
  let at = writeBytes(out, start, headOf(event))
  at = writeLsn(out, at, event.lsn)
  at = writePlain(out, at, '",')
  at = writeBytes(out, at, names)
  at = event.kind === 'delete' ? writePlain(out, at, 'null') : writeNew(out, at, event, shape)
  if (at === notWritten) return notWritten
  at = writePlain(out, at, ',"identity":')
  const hasIdentity = event.kind !== 'insert' && shape.keys.length > 0
  at = hasIdentity ? writeIdentity(out, at, event, shape) : writePlain(out, at, 'null')
  if (at === notWritten) return notWritten
  at = writeBytes(out, at, metadata)
  at = writeLsn(out, at, event.commitLsn)
  at = writePlain(out, at, '","ordinal":')
  at = writeInteger(out, at, event.ordinal)
  at = writePlain(out, at, ',"xid":')
  at = writeInteger(out, at, event.xid)
  return writePlain(out, at, event.kind === 'insert' && event.snapshot ? ',"snapshot":true}' : '}')
}

const writeNew = (out: Buffer, at: number, event: InsertEvent | UpdateEvent, shape: ShapeJson): number =>
  event instanceof PrintedChange
    ? writePrinted(out, at, event, shape, 'columns')
    : writeColumns(out, at, shape, event.values, null)

const writeIdentity = (
  out: Buffer,
  at: number,
  event: UpdateEvent | DeleteEvent,
  shape: ShapeJson,
): number =>
  event instanceof PrintedChange
    ? writePrinted(out, at, event, shape, 'identity')
    : writeColumns(
        out,
        at,
        shape,
        event.kind === 'delete' ? event.old : (event.old ?? event.values),
        shape.keys,
      )

const actions = { insert: 'I', update: 'U', delete: 'D' } as const
let lastKind = ''
let lastTime = -1
let lastHead: Buffer = Buffer.alloc(0)

/** The same for rows that follow each other in a transaction. */
function headOf({ kind, commitTime }: OrdinaryEvent): Buffer {
  if (kind !== lastKind || commitTime !== lastTime) {
    const time = commitTime === 0 ? '' : formatTime(commitTime)
    lastHead = Buffer.from(`{"action":"${actions[kind]}","timestamp":"${time}","lsn":"`)
    lastKind = kind
    lastTime = commitTime
  }
  return lastHead
}

function writeColumns(
  out: Buffer,
  start: number,
  shape: ShapeJson,
  row: Row,
  only: readonly number[] | null,
): number {
  const { first, next } = shapeBytes(shape)
  const { isNumeric } = shape
  const count = only === null ? row.length : only.length
  let at = start
  for (let n = 0; n < count; n++) {
    const i = only === null ? n : only[n]!
    at = writeBytes(out, at, (n === 0 ? first : next)[i]!)
    const value = row[i]!
    switch (typeof value) {
      case 'string':
        at = isNumeric[i]! && isJsonNumber(value) ? writePlain(out, at, value) : writeText(out, at, value)
        break
      case 'number':
        at = writeNumber(out, at, value)
        break
      case 'bigint': {
        const near = Number(value)
        at = Number.isSafeInteger(near) ? writeInteger(out, at, near) : writePlain(out, at, String(value))
        break
      }
      default:
        at = writePlain(out, at, String(value))
    }
  }
  return writePlain(out, at, count === 0 ? '[]' : '}]')
}
