import { EntryParts } from '../wal/entry-parts.ts'
import type { SchemaChangeEvent } from '../wal/event.ts'
import { KnownTables } from '../wal/known-tables.ts'
import { noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import type { StoredTable } from './history.ts'
import { propertiesOf } from './index-mapping.ts'
import type { MappedColumn, Mapper, Mapping, StoreAbilities } from './index-mapping.ts'
import { fieldOf, hasPast, tableOfEntry } from './indexed-table.ts'
import type { IndexedTable } from './indexed-table.ts'
import type { MapStep, Place, Step } from './store-change.ts'
import { TableNames } from './table-names.ts'

const nowhere: Place = { commitLsn: noLsn, lsn: noLsn }

export interface IndexedTablesOptions {
  readonly abilities: StoreAbilities
  readonly mapper?: Mapper | undefined
}

/**
 * The tables at the place of the stream where events are taken, and what has to be done to the store when an entry of the
 * schema log changes them.
 */
export class IndexedTables {
  readonly #options: IndexedTablesOptions
  readonly #known = new KnownTables<IndexedTable>(
    ({ entry, table, before, addsIndexes }) =>
      before && addsIndexes
        ? before
        : this.#describe(
            tableOfEntry(table, entry.schemaName, before, before?.kinds ?? this.pastOf(table.pgstream_id)),
          ),
    (oid) => this.#isNewer(oid),
  )
  readonly #parts = new EntryParts()
  readonly #byId = new Map<string, IndexedTable>()
  /** Of tables that are gone: their fields are not, and rows of theirs may come again. */
  readonly #past = new Map<string, IndexedTable['kinds']>()
  /** Gone from their schema by a command that may have moved them: until another transaction comes. */
  readonly #leaving = new Map<number, { readonly table: IndexedTable; readonly lsn: Lsn }>()
  readonly #names: TableNames
  /** Where in the stream an entry told of a table last, by its id. */
  readonly #toldAt = new Map<string, Place>()
  /** Of the entry that is being learned. */
  #place: Place = nowhere
  #commitLsn: Lsn | null = null
  /** What the entry that is being learned told of. */
  #described: IndexedTable[] = []

  constructor(options: IndexedTablesOptions) {
    this.#options = options
    this.#names = new TableNames({
      ...options,
      isNewer: (id) => this.#isNewer(this.#byId.get(id)?.oid ?? 0),
    })
  }

  get(tableId: string): IndexedTable | undefined {
    return this.#byId.get(tableId)
  }

  /** As they were saved. */
  restore(stored: readonly StoredTable[]): void {
    // of two that had a name, the later has it: the other may have come again after its DROP
    for (const { table, isGone, toldAt } of stored.toSorted((a, b) => inOrder(b.toldAt, a.toldAt))) {
      if (isGone) {
        this.#remember(table)
        continue
      }
      if (toldAt) this.#toldAt.set(table.id, toldAt)
      this.put(table)
    }
  }

  /** As rows tell of it. */
  put(table: IndexedTable): void {
    this.#known.add(table)
    this.#byId.set(table.id, table)
    this.#names.keep(table)
  }

  /** It is gone, and rows alone do not tell what its columns were. */
  #remember({ id, kinds }: IndexedTable): void {
    this.#past.set(id, kinds)
  }

  /** What the columns of a table were that nothing else is known of. */
  pastOf(tableId: string): IndexedTable['kinds'] {
    return this.#past.get(tableId) ?? {}
  }

  /** To be asked for each change before it is taken: what is certain now that another transaction comes. */
  begin(commitLsn: Lsn): readonly Step[] {
    if (commitLsn === this.#commitLsn) return []
    this.#commitLsn = commitLsn
    if (this.#leaving.size === 0) return []
    const steps = [...this.#leaving.values()].flatMap(({ table, lsn }) => this.#dropped(table, lsn))
    this.#leaving.clear()
    return steps
  }

  learn(event: SchemaChangeEvent): readonly Step[] {
    const { entry, lsn } = event
    this.#place = { commitLsn: event.commitLsn, lsn }
    const before = new Map([...this.#byId].map(([, table]) => [table.oid, table]))
    this.#described = []
    this.#known.learn(entry)
    const whole = this.#parts.add(entry)
    if (!whole) return [{ do: 'save-entry', entry }]

    const { schemaName, schema } = whole
    const { renamed_from: from, dropped_tables: dropped } = schema
    const steps: Step[] = []
    const renamed = [...before.values()].filter(({ schema: of, oid }) => of === from && !this.#isNewer(oid))
    if (from !== undefined) {
      const tableIds = renamed.map(({ id }) => id)
      const isShared = this.#hasNewer(from)
      steps.push({ do: 'rename-schema', from, to: schemaName, tableIds, isShared })
    }
    if (schema.dropped) this.#keepOthers(whole, before)
    const touched = new Set([
      ...this.#described.map(({ oid }) => oid),
      ...dropped.map(({ oid }) => Number(oid)),
      ...renamed.map(({ oid }) => oid),
    ])
    for (const oid of touched) steps.push(...this.#changed(oid, before.get(oid), whole, lsn))
    if (schema.dropped) {
      const tableIds = dropped.map(({ pgstream_id: id }) => id)
      const isShared = this.#hasNewer(schemaName)
      steps.push({ do: 'drop-schema', schema: schemaName, tableIds, until: lsn, isShared })
    } else if (steps.length === 0) steps.push({ do: 'map', schema: schemaName, fields: {}, names: new Map() })
    return [...steps, { do: 'save-entry', entry }]
  }

  /** Whether the entry that is being learned comes again, and the table is further. */
  #isNewer(oid: number): boolean {
    const id = this.#known.get(oid)?.id
    return id !== undefined && inOrder(this.#toldAt.get(id), this.#place) > 0
  }

  /** Whether the schema is one that has the name later, or has its tables already. */
  #hasNewer(schema: string): boolean {
    return [...this.#byId.values()].some((table) => table.schema === schema && this.#isNewer(table.oid))
  }

  /** Tables that were not dropped with their schema came later into one of that name: this comes again. */
  #keepOthers({ schemaName, schema }: SchemaLogEntry, before: ReadonlyMap<number, IndexedTable>): void {
    const dropped = new Set(schema.dropped_tables.map(({ oid }) => Number(oid)))
    for (const table of before.values())
      if (table.schema === schemaName && !dropped.has(table.oid)) this.#known.add(table)
  }

  #describe(table: IndexedTable): IndexedTable {
    this.#described.push(table)
    return table
  }

  #changed(
    oid: number,
    before: IndexedTable | undefined,
    { schemaName, schema }: SchemaLogEntry,
    lsn: Lsn,
  ): readonly Step[] {
    const now = this.#known.get(oid)
    if (now && this.#isNewer(oid)) return []
    if (!now) {
      if (!before) return []
      this.#byId.delete(before.id)
      if (schema.dropped) return [this.#forget(before)]
      if (schema.command.startsWith('DROP')) return this.#dropped(before, lsn)
      this.#leaving.set(oid, { table: before, lsn })
      return []
    }
    this.#toldAt.set(now.id, this.#place)
    const left = this.#leaving.get(oid)?.table
    this.#leaving.delete(oid)
    if (!left) {
      this.#byId.set(now.id, now)
      const isRenamed = before !== undefined && before.schema === schema.renamed_from
      return this.#told(now, isRenamed ? { ...before, schema: schemaName } : before, isRenamed)
    }
    // it moved: what was known of its fields still holds
    const { identity, identityNumber } = left
    const kinds = mergeKinds(left.kinds, now.kinds)
    const columns = now.columns.map((column) => ({
      ...column,
      field: fieldOf(column.id, column.kind, kinds),
    }))
    const table: IndexedTable = { ...now, columns, kinds, identity, identityNumber }
    this.put(table)
    return this.#told(table, left)
  }

  /** Fields and names first: rows that move need them. */
  #told(table: IndexedTable, before: IndexedTable | undefined, mustSave = false): Step[] {
    if (before && !mustSave && isSame(table, before) && this.#names.owns(table)) return []
    const map = this.mapStep(table, before?.schema === table.schema ? before : undefined)
    const save = this.saveStep(table)
    if (!before || before.schema === table.schema) return [map, save]
    const move: Step = {
      do: 'move-rows',
      tableId: table.id,
      from: before.schema,
      to: table.schema,
    }
    return [map, move, this.#namesGone(before), save]
  }

  #dropped(table: IndexedTable, lsn: Lsn): Step[] {
    const { schema, id: tableId } = table
    return [
      this.#namesGone(table),
      { do: 'delete-rows', schema, tableId, until: lsn, because: 'drop' },
      this.#forget(table),
    ]
  }

  /** To keep what is known of it now. */
  saveStep(table: IndexedTable): Step {
    return { do: 'save-table', table, toldAt: this.#toldAt.get(table.id) }
  }

  #forget(table: IndexedTable): Step {
    this.#toldAt.delete(table.id)
    if (hasPast(table)) this.#remember(table)
    return { do: 'forget-table', table }
  }

  /** The fields of the table, also those that its columns had before, and its names; those of `before` lead nowhere. */
  mapStep(table: IndexedTable, before?: IndexedTable): MapStep {
    const { abilities, mapper } = this.#options
    const fields: Record<string, Mapping> = {}
    for (const column of table.columns) {
      for (const kind of table.kinds[column.id] ?? [column.kind]) {
        const field = fieldOf(column.id, kind, table.kinds)
        Object.assign(fields, propertiesOf({ ...column, kind, field }, abilities, mapper))
      }
    }
    const gone = before ? this.#names.leave(before) : []
    const names = new Map([...gone, ...this.#names.take(table)])
    return { do: 'map', schema: table.schema, fields, names }
  }

  /** The fields of a column that the table had once, for rows that are older: its index may have been made since. */
  pastColumnStep(
    { schema, kinds }: IndexedTable,
    column: Omit<MappedColumn, 'field'> & { id: string },
  ): MapStep {
    const { abilities, mapper } = this.#options
    const field = fieldOf(column.id, column.kind, kinds)
    return {
      do: 'map',
      schema,
      fields: propertiesOf({ ...column, field }, abilities, mapper),
      names: new Map(),
    }
  }

  #namesGone(table: IndexedTable): Step {
    return { do: 'map', schema: table.schema, fields: {}, names: this.#names.leave(table) }
  }

  /** Everything that is known, of one schema, for an index that is made anew. */
  stepsOf(schema: string): MapStep[] {
    return [...this.#byId.values()]
      .filter((table) => table.schema === schema)
      .map((table) => this.mapStep(table))
  }
}

/** Nowhere stands before everything. */
function inOrder(a: Place = nowhere, b: Place = nowhere): number {
  return Number(a.commitLsn - b.commitLsn) || Number(a.lsn - b.lsn)
}

/** For the store: neither fields nor names are others. */
const isSame = (a: IndexedTable, b: IndexedTable): boolean =>
  a.schema === b.schema &&
  a.name === b.name &&
  a.columns.length === b.columns.length &&
  a.columns.every(({ id, name, type }, i) => {
    const other = b.columns[i]!
    return id === other.id && name === other.name && type === other.type
  })

function mergeKinds(first: IndexedTable['kinds'], second: IndexedTable['kinds']): IndexedTable['kinds'] {
  const merged = { ...first }
  for (const [id, kinds] of Object.entries(second)) {
    merged[id] = [...new Set([...(merged[id] ?? []), ...kinds])]
  }
  return merged
}
