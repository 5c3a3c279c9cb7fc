import type {
  ChangeEvent,
  InsertEvent,
  RowEvent,
  SchemaChangeEvent,
  UpdateEvent,
  WalEvent,
} from '../../../src/wal/event.ts'
import { isPositionOnly } from '../../../src/wal/event.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import type { Transactions } from './transaction-log.ts'

/** What a wrong decoder, or a listener that loses something, would make of a stream: streams with one fault each. */
export type Fault = (events: readonly WalEvent[], transactions: Transactions) => WalEvent[][]

const isRow = (event: WalEvent): event is RowEvent =>
  !isPositionOnly(event) && event.kind !== 'message' && event.kind !== 'schema-change'

const isNamed = (event: WalEvent | undefined): event is ChangeEvent =>
  event !== undefined && !isPositionOnly(event) && event.xid !== 0

/** Streams in which one of these events is replaced by others. */
const each = <E extends WalEvent>(
  events: readonly WalEvent[],
  some: readonly E[],
  change: (event: E) => WalEvent[],
): WalEvent[][] =>
  some.map((event) => {
    const at = events.indexOf(event)
    return [...events.slice(0, at), ...change(event), ...events.slice(at + 1)]
  })

/** Row events of tables that are neither emptied nor dropped afterwards. */
function rowsThatStay(events: readonly WalEvent[]): RowEvent[] {
  const rows = new Map<number, RowEvent[]>()
  for (const event of events) {
    if (event.kind === 'truncate') rows.delete(event.relation.oid)
    else if (isRow(event)) rows.set(event.relation.oid, [...(rows.get(event.relation.oid) ?? []), event])
    else if (event.kind === 'schema-change') {
      for (const { oid } of event.entry.schema.dropped_tables) rows.delete(Number(oid))
    }
  }
  return [...rows.values()].flat()
}

/** New rows after which nothing happens to their tables: what they hold is there at the end. */
function lastRows(events: readonly WalEvent[]): (InsertEvent | UpdateEvent)[] {
  const touched = new Set<number>()
  const staying = new Set<WalEvent>(rowsThatStay(events))
  return events.toReversed().filter((event): event is InsertEvent | UpdateEvent => {
    if (event.kind === 'schema-change')
      for (const { oid } of event.entry.schema.tables) touched.add(Number(oid))
    if (!isRow(event) || touched.has(event.relation.oid)) return false
    touched.add(event.relation.oid)
    const hasValues = 'values' in event && event.values.some((value) => value !== null)
    return staying.has(event) && hasValues
  })
}

/** Entries of whose tables no later one tells, and some of which are unique in something. */
function lastEntries(events: readonly WalEvent[]): SchemaChangeEvent[] {
  const told = new Set<string>()
  return events.toReversed().filter((event): event is SchemaChangeEvent => {
    if (event.kind !== 'schema-change') return false
    const { tables, dropped_tables: gone, adds_indexes: adds } = event.entry.schema
    const isLast = tables.some(({ oid, unique_indexes: unique }) => unique.length > 0 && !told.has(oid))
    for (const { oid } of [...tables, ...gone]) told.add(oid)
    return isLast && adds !== true
  })
}

function withoutIndexes(event: SchemaChangeEvent): SchemaChangeEvent {
  const { entry } = event
  const tables = entry.schema.tables.map((table) => ({ ...table, unique_indexes: [] }))
  return { ...event, entry: { ...entry, schema: { ...entry.schema, tables } } }
}

function withoutFirstValue(event: InsertEvent | UpdateEvent): WalEvent {
  const at = event.values.findIndex((value) => value !== null)
  return { ...event, values: event.values.map((value, i) => (i === at ? null : value)) }
}

function swapTransactions(events: readonly WalEvent[]): WalEvent[][] {
  const ends = events.flatMap((event, at) => (event.kind === 'commit' ? [at + 1] : []))
  return ends.slice(2).flatMap((end, i) => {
    const [from, middle] = [ends[i]!, ends[i + 1]!]
    const isEmpty = middle - from < 2 || end - middle < 2
    const swapped = [...events.slice(middle, end), ...events.slice(from, middle)]
    return isEmpty ? [] : [[...events.slice(0, from), ...swapped, ...events.slice(end)]]
  })
}

/** Keeps the ordinals in order: as if they were given to what was decoded in the wrong order. */
function swapNeighbours(events: readonly WalEvent[]): WalEvent[][] {
  return events.flatMap((event, at) => {
    const next = events[at + 1]
    if (!isNamed(event) || !isNamed(next) || next.lsn === event.lsn) return []
    const swapped = [
      { ...next, ordinal: event.ordinal },
      { ...event, ordinal: next.ordinal },
    ]
    return [[...events.slice(0, at), ...swapped, ...events.slice(at + 2)]]
  })
}

function otherTable(events: readonly WalEvent[], row: RowEvent): WalEvent {
  const isOther = (event: WalEvent): event is RowEvent =>
    isRow(event) && event.relation.oid !== row.relation.oid
  return { ...row, relation: (events.find(isOther) ?? row).relation }
}

export const faults: Readonly<Record<string, Fault>> = {
  'an insert or a delete is lost': (events) =>
    each(
      events,
      rowsThatStay(events).filter(({ kind }) => kind !== 'update'),
      () => [],
    ),
  'an update is lost': (events, { committed }) =>
    each(
      events,
      // others can be without effect
      events.filter((event) => event.kind === 'update' && committed.get(event.xid)),
      () => [],
    ),
  'a schema entry is lost': (events) =>
    each(
      events,
      events.filter(({ kind }) => kind === 'schema-change'),
      () => [],
    ),
  'an entry lacks the unique indexes': (events) =>
    each(events, lastEntries(events), (event) => [withoutIndexes(event)]),
  'an event comes twice': (events) => each(events, events.filter(isNamed), (event) => [event, event]),
  'two neighbours are swapped': swapNeighbours,
  'two transactions are swapped': swapTransactions,
  'a value is null': (events) => each(events, lastRows(events), (event) => [withoutFirstValue(event)]),
  'a value is said to be unchanged': (events) =>
    each(
      events,
      lastRows(events).filter(({ kind }) => kind === 'insert'),
      (event) => [{ ...event, values: event.values.map(() => unchangedToast) }],
    ),
  'a row goes to another table': (events) =>
    each(events, rowsThatStay(events), (event) => [otherTable(events, event)]),
  'a key change lacks the old key': (events) =>
    each(
      events,
      events.filter((event): event is UpdateEvent => event.kind === 'update' && event.old !== null),
      (event) => [{ ...event, old: null }],
    ),
  'a position goes back': (events) => {
    const [first, , ...later] = events.filter(isPositionOnly)
    return first ? each(events, later, (event) => [{ ...event, position: first.position }]) : []
  },
}
