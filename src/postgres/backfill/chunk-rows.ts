import type { InsertEvent } from '../../wal/event.ts'
import type { Lsn } from '../../wal/lsn.ts'
import { noTuple, PrintedChange } from '../../wal/printed-change.ts'
import type { Value } from '../../wal/value.ts'
import type { AddedRow } from '../companion.ts'
import { TupleDecoder } from '../tuple-decoder.ts'
import type { CopyLine } from './copy-line.ts'
import type { CopyLines } from './copy-lines.ts'
import type { TableShape } from './table-shape.ts'

/** What was read of a chunk, until its `high` comes by in the stream. */
export interface ChunkRows {
  readonly shape: TableShape
  readonly lines: CopyLines
}

/** Where rows stand in the stream. */
export interface ChunkPlace {
  /** Of `high`, in place of a commit. */
  readonly commitLsn: Lsn
  /** Of `low`. */
  readonly lsn: Lsn
  /** Microseconds since 1970. */
  readonly time: number
}

/** The values of each row as the stream would have them; of a table without a key, its place behind them. */
export function* valuesOf({ shape, lines }: ChunkRows): Generator<Value[], undefined> {
  for (const line of lines) yield valuesOfLine(line, shape)
}

function valuesOfLine(line: CopyLine, { kinds, withoutNaN }: TableShape): Value[] {
  const values = line.values(kinds)
  for (const column of withoutNaN) if (isNaNOrInfinity(values[column]!)) values[column] = null
  return values
}

const isNaNOrInfinity = (value: Value): boolean =>
  typeof value === 'number'
    ? !Number.isFinite(value)
    : typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value)

const decoder = new TupleDecoder()

/** The rows as events; `printed` where they may stay as Postgres printed them. */
export function* insertsOf(
  { shape, lines }: ChunkRows,
  place: ChunkPlace,
  printed: boolean,
): Generator<AddedRow, undefined> {
  const isPrinted = printed && shape.order !== null && shape.withoutNaN.length === 0
  let ordinal = 0
  for (const line of lines) {
    const tuple = isPrinted ? line.tuple(shape.kinds.length) : null
    const event = tuple === null ? made(line, shape, place, ordinal) : asPrinted(tuple, shape, place, ordinal)
    yield { event, bytes: line.bytes }
    ordinal++
  }
}

function made(line: CopyLine, shape: TableShape, place: ChunkPlace, ordinal: number): InsertEvent {
  const { commitLsn, lsn, time: commitTime } = place
  const { relation } = shape
  const values = valuesOfLine(line, shape)
  if (shape.order === null) values.pop() // its place
  return {
    kind: 'insert',
    ...{ relation, values, commitLsn, ordinal, lsn, xid: 0, commitTime },
    position: null,
    translation: null,
    snapshot: true,
  }
}

function asPrinted(tuple: Buffer, shape: TableShape, place: ChunkPlace, ordinal: number): InsertEvent {
  const { commitLsn, lsn, time: commitTime } = place
  const transaction = { commitLsn, xid: 0, commitTime }
  return new PrintedChange('insert', shape, decoder, transaction, ordinal, lsn, tuple, 0, noTuple, true)
    .event as InsertEvent
}
