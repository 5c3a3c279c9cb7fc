import type { RowEvent, SchemaChangeEvent, WalEvent } from '../../../../src/wal/event.ts'
import { formatLsn, parseLsn } from '../../../../src/wal/lsn.ts'
import type { RowCounts } from '../transaction-log.ts'
import { applyLeniently, TwinTables } from './apply-leniently.ts'
import { applyRow } from './apply-row.ts'
import { carryOver, unknown } from './cell.ts'
import { misfit } from './known-table.ts'
import type { GeneratedColumns, KnownTable } from './known-table.ts'
import { KnownTables } from './known-tables.ts'
import type { TableChange } from './known-tables.ts'
import { Problems } from './problems.ts'
import { StoredRows } from './stored-rows.ts'
import { StreamOrder } from './stream-order.ts'

export interface RebuiltOptions {
  /** Which generated columns the plugin sends. Default: none. */
  readonly generated?: GeneratedColumns
  /** Events may come again, as after a kill: what was seen is skipped. Default: that is a problem. */
  readonly mayComeAgain?: boolean
}

/** Commands that write rows before their trigger runs. */
const rowsComeFirst: ReadonlySet<string> = new Set(['CREATE TABLE AS', 'SELECT INTO'])

/**
 * A database rebuilt from the events of its stream and nothing else: tables from the entries of the schema log, rows from
 * their changes. Whatever does not fit together on the way is a problem.
 *
 * Three things the WAL does not tell, and the rows that are older than they are do not know either: the value of a column
 * that was added with a default, of one that got another type, and of generated columns that are not sent.
 */
export class Rebuilt {
  readonly #problems = new Problems()
  readonly #order: StreamOrder
  readonly #tables = new KnownTables(this.#problems)
  readonly #rows = new Map<string, StoredRows>()
  readonly #counts = new Map<number, RowCounts>()
  readonly #entries = new Set<string>()
  readonly #generated: GeneratedColumns
  /** Rows of tables that a later entry of the same transaction makes known: CREATE TABLE AS writes them first. */
  #early: RowEvent[] = []
  #commitLsn = 0n
  #twins: TwinTables | null = null

  constructor({ generated = 'none', mayComeAgain = false }: RebuiltOptions = {}) {
    this.#order = new StreamOrder(this.#problems, mayComeAgain)
    this.#generated = generated
  }

  get problems(): readonly string[] {
    return this.#problems.found
  }

  get tables(): readonly KnownTable[] {
    return this.#tables.all
  }

  get schemas(): readonly string[] {
    return [...this.#tables.schemas]
  }

  /** Ids of the entries of the schema log. */
  get entries(): readonly string[] {
    return [...this.#entries]
  }

  /** How many rows each transaction inserted, updated and deleted, by its 32-bit id. */
  get counts(): ReadonlyMap<number, RowCounts> {
    return this.#counts
  }

  rowsOf(table: Pick<KnownTable, 'pgstream_id'>): StoredRows {
    const known = this.#rows.get(table.pgstream_id)
    if (known) return known
    const rows = new StoredRows()
    this.#rows.set(table.pgstream_id, rows)
    return rows
  }

  /** Loses all rows: from here on a backfill brings them, between their changes. Gives those that cannot be told apart. */
  loseRows(): TwinTables {
    this.#twins ??= new TwinTables()
    for (const [id, rows] of this.#rows) {
      this.#twins.noteRows(id, rows)
      rows.clear()
    }
    return this.#twins
  }

  take(event: WalEvent): void {
    if (event.kind === 'commit') this.#order.commit(event)
    if (event.kind === 'keepalive') this.#order.keepalive(event)
    if (event.kind === 'commit' || event.kind === 'keepalive') return this.#endTransaction()
    if (event.kind === 'insert' && event.snapshot) return this.#applyRow(event)
    if (!this.#order.change(event)) return
    if (event.commitLsn !== this.#commitLsn) this.#endTransaction()
    this.#commitLsn = event.commitLsn
    if (event.kind === 'schema-change') this.#changeSchema(event)
    else if (event.kind !== 'message') this.#takeRow(event)
  }

  #endTransaction(): void {
    for (const id of this.#tables.settle()) this.#rows.delete(id)
    for (const { kind, relation, commitLsn } of this.#early.splice(0, 1)) {
      this.#problems.add(
        `${kind} of ${relation.schema}.${relation.table}, which no entry had told of before ${formatLsn(commitLsn)}`,
      )
    }
    this.#early = []
  }

  #changeSchema({ entry, xid, lsn }: SchemaChangeEvent): void {
    const { id, schemaName, schema } = entry
    const isOwn = Number(BigInt(schema.xid) & 0xffffffffn) === xid && parseLsn(schema.lsn) <= lsn
    this.#problems.check(isOwn, () => `the entry ${id} of ${schemaName} belongs to another transaction`)
    this.#problems.check(!this.#entries.has(id), () => `the entry ${id} of ${schemaName} came twice`)
    this.#entries.add(id)
    for (const change of this.#tables.apply(entry)) this.#changeRows(change)
    const early = this.#early
    this.#early = []
    for (const event of early) this.#applyRow(event, true)
    const { command } = schema
    const wasLate = early.length > this.#early.length && !rowsComeFirst.has(command)
    if (wasLate) this.#problems.add(`rows of ${early[0]!.relation.table} came before the entry of ${command}`)
  }

  /** Columns that appear, disappear and change their types, in the rows that are there. */
  #changeRows({ before, after }: TableChange): void {
    if (!before) return
    const old = new Map(before.columns.map((column) => [column.pgstream_id, column]))
    const kept = new Set(after.columns.map((column) => column.pgstream_id))
    const added = after.columns.filter((column) => !old.has(column.pgstream_id))
    const retyped = after.columns.filter(
      ({ pgstream_id: id, type }) => old.has(id) && old.get(id)!.type !== type,
    )
    const dropped = before.columns.filter((column) => !kept.has(column.pgstream_id))
    if (added.length + retyped.length + dropped.length === 0) return
    this.rowsOf(after).rewrite((row) => {
      for (const { pgstream_id } of dropped) row.delete(pgstream_id)
      for (const { pgstream_id: id, type } of retyped) {
        row.set(id, carryOver(row.get(id) ?? null, old.get(id)!.type, type))
      }
      for (const column of added) {
        // a domain can have a default of its own
        const isNull = column.default === null && column.identity === '' && column.type === column.base_type
        row.set(column.pgstream_id, isNull ? null : unknown)
      }
    })
  }

  #takeRow(event: RowEvent): void {
    if (event.kind !== 'truncate') {
      const counts = this.#counts.get(event.xid) ?? { insert: 0, update: 0, delete: 0 }
      this.#counts.set(event.xid, { ...counts, [event.kind]: counts[event.kind] + 1 })
    }
    this.#applyRow(event)
  }

  #applyRow(event: RowEvent, early = false): void {
    const { relation } = event
    const table = this.#tables.find(relation.schema, relation.table)
    if (!table) {
      this.#early.push(event)
      return
    }
    const wrong = misfit(relation, table, { generated: this.#generated, early })
    const rows = this.rowsOf(table)
    if (wrong === null && this.#twins) applyLeniently(event, table, rows, this.#twins)
    else if (wrong === null) applyRow(event, table, rows, this.#problems)
    else this.#problems.add(`${event.kind} of ${relation.schema}.${relation.table} has ${wrong}`)
  }
}
