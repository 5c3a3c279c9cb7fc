import type { InsertEvent } from '../../wal/event.ts'
import type { Lsn } from '../../wal/lsn.ts'
import { noTuple, PrintedChange } from '../../wal/printed-change.ts'
import { printedText } from '../../wal/printed-value.ts'
import type { Value } from '../../wal/value.ts'
import type { AddedRow } from '../companion.ts'
import { DataRowDecoder } from '../data-row-decoder.ts'
import { isLargeMessage } from '../large-message.ts'
import type { DataRows } from './data-rows.ts'
import type { TableShape } from './table-shape.ts'

/** What was read of a chunk, until its `high` comes by in the stream. */
export interface ChunkRows {
  readonly shape: TableShape
  readonly rows: DataRows
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

const decoder = new DataRowDecoder()

/** The values of each row as the stream would have them; of a table without a key, its place behind them. */
export function* valuesOf({ shape, rows }: ChunkRows): Generator<Value[], undefined> {
  for (const row of rows) yield valuesOfRow(row, shape)
}

function valuesOfRow(row: Buffer, { kinds, withoutNaN }: TableShape): Value[] {
  const values = decoder.row(kinds, row, 0)
  for (const column of withoutNaN) if (isNaNOrInfinity(values[column]!)) values[column] = null
  return values
}

const isNaNOrInfinity = (value: Value): boolean =>
  typeof value === 'number'
    ? !Number.isFinite(value)
    : typeof value === 'string' && /^(NaN|-?Infinity)$/.test(value)

/** Where the scan goes on behind a row: its key, or its place in the table's file. */
export const placeOf = (row: Buffer, { order, kinds }: TableShape): string[] =>
  (order?.map(({ at }) => at) ?? [kinds.length - 1]).map((column) => printedText(row, 0, column) ?? '')

/** A row as an event, and as it was read. */
export interface ReadRow extends AddedRow {
  readonly row: Buffer
}

/** The rows as events; `printed` where they may stay as Postgres printed them. */
export function* insertsOf(
  rows: Iterable<Buffer>,
  shape: TableShape,
  place: ChunkPlace,
  printed: boolean,
): Generator<ReadRow, undefined> {
  const isPrinted = printed && shape.order !== null && shape.withoutNaN.length === 0
  const transaction = { commitLsn: place.commitLsn, xid: 0, commitTime: place.time }
  let ordinal = 0
  for (const row of rows) {
    const event =
      isPrinted && !isLargeMessage(row)
        ? asPrinted(row, shape, place, transaction, ordinal)
        : made(row, shape, place, ordinal)
    yield { event, bytes: row.length, row }
    ordinal++
  }
}

const asPrinted = (
  row: Buffer,
  shape: TableShape,
  { lsn }: ChunkPlace,
  transaction: ConstructorParameters<typeof PrintedChange>[3],
  ordinal: number,
): InsertEvent =>
  new PrintedChange('insert', shape, decoder, transaction, ordinal, lsn, row, 0, noTuple, true)
    .event as InsertEvent

function made(row: Buffer, shape: TableShape, place: ChunkPlace, ordinal: number): InsertEvent {
  const { commitLsn, lsn, time: commitTime } = place
  const { relation } = shape
  const values = valuesOfRow(row, shape)
  if (shape.order === null) values.pop() // its place
  return {
    kind: 'insert',
    ...{ relation, values, commitLsn, ordinal, lsn, xid: 0, commitTime },
    position: null,
    translation: null,
    snapshot: true,
  }
}
