import pg from 'pg'
import { PgstreamError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { Relation } from '../wal/relation.ts'
import type { ColumnSchema, TableSchema } from '../wal/schema-log.ts'
import type { StoredEntry, TransactionPlace } from '../wal/schema-store.ts'
import { sqlState } from './postgres-error.ts'
import { entryColumns, inOrder, ownLog } from './read-schema-log.ts'
import type { LogView } from './read-schema-log.ts'
import { schemaLogEntry } from './schema-log-entry.ts'
import { snapshotSees } from '../wal/snapshot.ts'
import { widenXid } from './widen-xid.ts'

interface LookUp {
  readonly client: pg.Client
  readonly view: Omit<LogView, 'place'>
  readonly relation: Relation
  readonly place: TransactionPlace
  readonly logger: Logger
}

/**
 * The lowest entry, all parts of it, that was not committed before this place and describes the table with these
 * columns; if none has them, the lowest. Where there is none the table is described as it is now; nothing if it is gone.
 * Null as long as the transaction at this place is not visible, whose own entry may be it.
 */
export async function defineTable(lookUp: LookUp): Promise<readonly StoredEntry[] | null> {
  const { client, relation, place, logger } = lookUp
  const isVisible = await sees(client, place.xid)
  const found = await lowestEntry(lookUp)
  if (found.length > 0) return found
  if (!isVisible) return null
  if (!(await describeNow(client, relation))) return []
  logger.warn(
    { table: `${relation.schema}.${relation.table}` },
    'no entry of the schema log described this table: it is described as it is now',
  )
  return lowestEntry(lookUp)
}

/** Writes an entry; false if there is no such table. */
async function describeNow(client: pg.Client, relation: Relation): Promise<boolean> {
  try {
    const { rowCount } = await client.query(
      `select pgstream.write_entries('REFRESH', d.schema_name, jsonb_build_array(d.description), '[]', pg_current_snapshot())
         from pgstream.describe_tables(array[$1::oid]) as d`,
      [await oidOf(client, relation)],
    )
    return rowCount !== 0
  } catch (cause) {
    if (sqlState(cause) !== insufficientPrivilege) throw cause
    const { schema, table } = relation
    throw new PgstreamError('PGSTREAM_NO_RIGHT', `No entry of the schema log describes ${schema}.${table}.`, {
      remedy: `Let the owner of schema pgstream run select pgstream.refresh_schema(${pg.escapeLiteral(schema)}), and start again.`,
      cause,
    })
  }
}

const insufficientPrivilege = '42501'

/** Whether others can see what this transaction did, which was streamed. */
async function sees(client: pg.Client, xid: number): Promise<boolean> {
  const { rows } = await client.query<{ snapshot: string }>('select pg_current_snapshot()::text as snapshot')
  const { snapshot } = rows[0]!
  const [, next = '0'] = snapshot.split(':')
  return snapshotSees(snapshot, widenXid(BigInt(xid), BigInt(next)))
}

/** 0 for a table that is gone. */
async function oidOf(client: pg.Client, { oid, schema, table }: Relation): Promise<number> {
  if (oid !== 0) return oid
  const { rows } = await client.query<{ oid: string | null }>(
    `select to_regclass(format('%I.%I', $1::text, $2::text))::oid::int8::text as oid`,
    [schema, table],
  )
  return Number(rows[0]?.oid ?? 0)
}

type EntryRow = Readonly<Record<'id' | 'version' | 'schema_name' | 'schema' | 'created_at' | 'acked', string>>

async function lowestEntry({ client, view, relation, place }: LookUp): Promise<readonly StoredEntry[]> {
  const { oid, schema, table } = relation
  const isIt = (each: TableSchema): boolean => (oid === 0 ? each.name === table : each.oid === String(oid))
  const named = JSON.stringify({ tables: [oid === 0 ? { name: table } : { oid: String(oid) }] })
  const { rows } = await client.query<EntryRow>(
    `select ${entryColumns} from ${ownLog(view)}
        and (m.commit_end is null or m.commit_end > '${formatLsn(place.commitLsn)}')
        and l.schema @> $1::jsonb ${oid === 0 ? `and l.schema_name = ${pg.escapeLiteral(schema)}` : ''}
      ${inOrder}`,
    [named],
  )
  const wholes = inWholes(rows.map(stored))
  const columnsOf = (whole: readonly StoredEntry[]): readonly ColumnSchema[] =>
    whole.flatMap(({ entry }) => entry.schema.tables.filter(isIt).flatMap(({ columns }) => columns))
  const has = (whole: readonly StoredEntry[]): boolean => {
    const names = new Set(columnsOf(whole).map(({ name }) => name))
    return relation.columns.every(({ name }) => names.has(name))
  }
  const lowest = wholes.find(has) ?? wholes[0]
  return lowest ? allParts(client, lowest) : []
}

/** Of the parts that are there some may be about other tables. */
async function allParts(client: pg.Client, some: readonly StoredEntry[]): Promise<readonly StoredEntry[]> {
  const { entry } = some[0]!
  if (entry.schema.parts === undefined) return some
  const { rows } = await client.query<EntryRow>(
    `select ${entryColumns} from pgstream.schema_log l
      where l.schema_name = $1 and l.schema ->> 'xid' = $2 and l.schema ->> 'lsn' = $3 order by l.version`,
    [entry.schemaName, entry.schema.xid, entry.schema.lsn],
  )
  return rows.map(stored)
}

/** Parts of one entry together. */
function inWholes(entries: readonly StoredEntry[]): StoredEntry[][] {
  const wholes = new Map<string, StoredEntry[]>()
  for (const each of entries) {
    const name = nameOfWhole(each.entry)
    wholes.set(name, [...(wholes.get(name) ?? []), each])
  }
  return [...wholes.values()]
}

/** What the parts of an entry have in common, and nothing else has. */
const nameOfWhole = ({ schemaName, schema: { xid, lsn } }: StoredEntry['entry']): string =>
  JSON.stringify([schemaName, xid, lsn])

/** The same values as the stream has. */
const stored = (row: EntryRow): StoredEntry => ({
  entry: schemaLogEntry((name) => (row as Readonly<Record<string, unknown>>)[name]),
  values: [row.id, BigInt(row.version), row.schema_name, row.schema, row.created_at, row.acked === 'true'],
})
