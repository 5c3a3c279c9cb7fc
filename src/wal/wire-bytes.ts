import type { ChangeEvent, DeleteEvent, InsertEvent, UpdateEvent } from './event.ts'
import { writeBytes, writeInteger, writePlain, writeText } from './json-bytes.ts'
import { isJsonNumber, numberJson } from './json-text.ts'
import { formatLsn } from './lsn.ts'
import { shapeBytes, shapeOf } from './shape-json.ts'
import type { ShapeJson } from './shape-json.ts'
import { formatTime } from './time.ts'
import { unchangedToast } from './value.ts'
import type { Row } from './value.ts'

/** What may be longer is made as a string. */
const mostBytes = 32 * 1024
const slabBytes = 128 * 1024
/** Everything beside values and what depends on the shape: LSNs, time, numbers, punctuation. */
const frameBytes = 400
const mostOfCharacter = 6
const mostOfNumber = 32
const mostOfUtf16 = 3

let slab: Buffer = Buffer.alloc(0)
let used = 0

type OrdinaryEvent = InsertEvent | UpdateEvent | DeleteEvent

/**
 * The wire JSON of an ordinary row, written as bytes piece after piece: half the cost of a string that then becomes bytes
 * (test/bench/README.md). Short ones share slabs of memory. Null for everything else: events of other kinds, long rows, binary
 * and large values, and those that did not change.
 */
export function writeRow(event: ChangeEvent, before: string, after: string): Buffer | null {
  if (event.kind !== 'insert' && event.kind !== 'update' && event.kind !== 'delete') return null
  const shape = shapeOf(event.relation, event.translation)
  const identity =
    event.kind === 'insert' ? null : event.kind === 'delete' ? event.old : (event.old ?? event.values)
  const bytes =
    frameBytes +
    mostOfUtf16 * (before.length + after.length) +
    2 * shapeBytes(shape).total +
    (event.kind === 'delete' ? 0 : mostOf(event.values)) +
    (identity === null ? 0 : mostOf(identity))
  if (bytes > mostBytes) return null
  if (used + bytes > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes)
    used = 0
  }
  const start = used
  let at = writePlain(slab, start, before)
  at = writeEvent(slab, at, event, shape, identity)
  used = writePlain(slab, at, after)
  return slab.subarray(start, used)
}

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

function writeEvent(
  out: Buffer,
  start: number,
  event: OrdinaryEvent,
  shape: ShapeJson,
  identity: Row | null,
): number {
  const { names, metadata } = shapeBytes(shape)
  let at = writeBytes(out, start, headOf(event))
  at = writePlain(out, at, formatLsn(event.lsn))
  at = writePlain(out, at, '",')
  at = writeBytes(out, at, names)
  at =
    event.kind === 'delete' ? writePlain(out, at, 'null') : writeColumns(out, at, shape, event.values, null)
  at = writePlain(out, at, ',"identity":')
  at =
    identity === null || shape.keys.length === 0
      ? writePlain(out, at, 'null')
      : writeColumns(out, at, shape, identity, shape.keys)
  at = writeBytes(out, at, metadata)
  at = writePlain(out, at, formatLsn(event.commitLsn))
  at = writePlain(out, at, '","ordinal":')
  at = writeInteger(out, at, event.ordinal)
  at = writePlain(out, at, ',"xid":')
  at = writeInteger(out, at, event.xid)
  return writePlain(out, at, event.kind === 'insert' && event.snapshot ? ',"snapshot":true}' : '}')
}

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
        at = isInteger(value) ? writeInteger(out, at, value) : writePlain(out, at, numberJson(value))
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

/** One that has the same digits as what JavaScript writes: not minus zero, and not 1e21. */
const isInteger = (value: number): boolean => Number.isSafeInteger(value) && !Object.is(value, -0)
