import { readSchemaLogEntry } from './schema-log-entry.ts'
import { ownSchema, schemaLogTable } from './schema-log.ts'
import type { ChangeEvent, InsertEvent } from './event.ts'
import { noLsn, parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import { parseTime } from './parse-time.ts'
import type { Position } from './position.ts'
import type { Relation } from './relation.ts'
import { unchangedToast } from './value.ts'
import type { Row, Value } from './value.ts'
import { parseWireEvent } from './wire-event.ts'
import type { WireEvent } from './wire-event.ts'
import { WireShapes } from './wire-shapes.ts'
import type { WireColumn, WireShape } from './wire-shapes.ts'
import { readValue } from './wire-values.ts'

/**
 * Reads events from wire JSON, and gives the rows of one shape one relation.
 *
 * What the JSON does not hold is not known: a table's oid and replica identity, the oids of types, and the key of an
 * insert; of a delete, the columns that do not identify the row. Values are those of `Value`, by the name of the type.
 */
export class WireJsonReader {
  readonly #shapes = new WireShapes()

  /** @throws {TypeError} when it is not wire JSON; says nothing of what it holds. */
  read(json: string, position: Position | null): ChangeEvent {
    return readWireJson(json, position, this.#shapes).event
  }
}

export interface ReadChange {
  readonly event: ChangeEvent
  /** Null of a message: it has no rows. */
  readonly shape: WireShape | null
}

/** Shares the relations of `shapes`. @throws {TypeError} as `WireJsonReader.read`. */
export function readWireJson(json: string, position: Position | null, shapes: WireShapes): ReadChange {
  const wire = parseWireEvent(json)
  const lsn = readLsn(wire.lsn)
  const change = {
    commitLsn: wire.commit_lsn === undefined ? lsn : readLsn(wire.commit_lsn),
    ordinal: wire.ordinal ?? 0,
    lsn,
    xid: wire.xid ?? 0,
    commitTime: readTime(wire.timestamp),
    position,
  }
  if (wire.action === 'M') {
    const event = { kind: 'message', ...change, translation: null, ...message(wire) } as const
    return { event, shape: null }
  }
  const shape = shapeOf(wire, shapes)
  const { relation, translation } = shape
  return { event: rowEvent(wire, { ...change, translation, relation }, shape), shape }
}

function rowEvent(
  wire: WireEvent,
  row: Omit<InsertEvent, 'kind' | 'values'>,
  { relation, columnsAt, identityAt }: WireShape,
): ChangeEvent {
  switch (wire.action) {
    case 'I':
      return insertOrSchemaChange(
        wire.snapshot === true ? { ...row, snapshot: true } : row,
        rowOf(relation, wire.columns, columnsAt, unchangedToast),
      )
    case 'U':
      return {
        kind: 'update',
        ...row,
        values: rowOf(relation, wire.columns, columnsAt, unchangedToast),
        old: wire.identity ? rowOf(relation, wire.identity, identityAt, null) : null,
      }
    case 'D':
      return { kind: 'delete', ...row, old: rowOf(relation, wire.identity, identityAt, null) }
    case 'T':
      return { kind: 'truncate', ...row }
    default:
      throw new TypeError('has an action that is none of I, U, D, T and M')
  }
}

function shapeOf(wire: WireEvent, shapes: WireShapes): WireShape {
  const { schema, table, columns, identity, metadata, unchanged_toast: names = [] } = wire
  if (typeof schema !== 'string' || typeof table !== 'string') throw new TypeError('names no table')
  const unchanged = names.map((name, i) => ({ name, id: wire.unchanged_toast_ids?.[i] ?? '' }))
  const columnsAndKeys = { columns: columns ?? identity ?? [], identity: identity ?? [], unchanged }
  return shapes.of({ schema, table, metadata: metadata ?? null, ...columnsAndKeys })
}

function readLsn(text: unknown): Lsn {
  if (text === '') return noLsn
  try {
    return parseLsn(text as string)
  } catch {
    throw new TypeError('has no LSN')
  }
}

function readTime(text: unknown): number {
  if (text === null || text === undefined || text === '') return 0
  const micros = typeof text === 'string' ? parseTime(text) : undefined
  if (micros === undefined) throw new TypeError('has no time stamp')
  return micros
}

function message({ transactional, prefix, content, content_base64 }: WireEvent): {
  transactional: boolean
  prefix: string
  content: Buffer
} {
  if (typeof prefix !== 'string') throw new TypeError('is a message without prefix')
  return {
    transactional: transactional === true,
    prefix,
    content:
      content_base64 === undefined ? Buffer.from(content ?? '') : Buffer.from(content_base64, 'base64'),
  }
}

function insertOrSchemaChange(row: Omit<InsertEvent, 'kind' | 'values'>, values: Row): ChangeEvent {
  const { schema, table, columns } = row.relation
  if (schema !== ownSchema || table !== schemaLogTable) return { kind: 'insert', ...row, values }
  const byName = new Map<string, Value>(columns.map(({ name }, i) => [name, values[i]!]))
  return {
    kind: 'schema-change',
    ...row,
    values,
    entry: readSchemaLogEntry((name) => byName.get(name)),
  }
}

function rowOf(
  { columns }: Relation,
  wire: readonly WireColumn[] | null | undefined,
  at: readonly number[],
  missing: null | typeof unchangedToast,
): Row {
  if (!wire) throw new TypeError('has no row')
  const row = new Array<Value>(columns.length).fill(missing)
  for (let i = 0; i < wire.length; i++) row[at[i]!] = readValue(wire[i]!.value, columns[at[i]!]!.type)
  return row
}
