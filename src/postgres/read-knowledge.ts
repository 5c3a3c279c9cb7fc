import pg from 'pg'
import { parseLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import type { KnownTable } from './known-table.ts'
import { ownSchema, schemaLogTable } from '../wal/schema-log.ts'
import { schemaLogEntry } from './schema-log-entry.ts'
import { entryColumns } from './read-schema-log.ts'
import { learnFact, nothingKnown } from './source-knowledge.ts'
import type { SourceFact, SourceKnowledge } from './source-knowledge.ts'
import type { NamedType } from './type-names.ts'
import { widenXid } from './widen-xid.ts'

/** A connection with the settings of a replication session, or one such session that does not stream yet. */
export interface Connection {
  query(sql: string): Promise<{ rows: unknown[] }>
}

export interface SlotOfPlugin {
  readonly plugin: OutputPlugin
  readonly slot: string
}

/**
 * Asks the database for what the stream of this plugin does not say: what types of columns are called and, for wal2json,
 * what tables looked like where the slot stands. The slot must not move meanwhile.
 */
export async function readKnowledge(connection: Connection, slot: SlotOfPlugin): Promise<SourceKnowledge> {
  const knowledge = nothingKnown()
  const facts = slot.plugin === 'pgoutput' ? readNames(connection) : readFacts(connection, slot)
  for await (const fact of facts) learnFact(knowledge, fact)
  return knowledge
}

/** The same piece by piece, as data that can be kept, with the entries of the schema log: who replays it has no other. */
export async function* readFacts(
  connection: Connection,
  { plugin, slot }: SlotOfPlugin,
): AsyncGenerator<SourceFact> {
  yield* readNames(connection)
  if (plugin === 'wal2json') {
    yield { materializedViews: await readMaterializedViews(connection) }
    yield { table: await readSchemaLog(connection) }
  }
  yield* readEntries(connection, slot)
}

async function* readNames(connection: Connection): AsyncGenerator<SourceFact> {
  yield { types: await readTypes(connection) }
}

/** Types below 10000 are built in: `builtin-types.ts`. */
async function readTypes(connection: Connection): Promise<NamedType[]> {
  const { rows } = await connection.query(
    `select distinct a.atttypid::int8::text as oid, a.atttypmod as modifier, format_type(a.atttypid, a.atttypmod) as name
       from pg_attribute a join pg_class c on c.oid = a.attrelid
      where a.atttypid >= 10000 and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p')
        and c.oid >= 16384
      order by 1, 2, 3`,
  )
  return (rows as { oid: string; modifier: number; name: string }[]).map((row) => ({
    ...row,
    oid: Number(row.oid),
  }))
}

async function readMaterializedViews(connection: Connection): Promise<{ schema: string; name: string }[]> {
  const { rows } = await connection.query(
    `select n.nspname as schema, c.relname as name
       from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind = 'm' order by 1, 2`,
  )
  return rows as { schema: string; name: string }[]
}

/** The one table that describes others, and not itself. */
async function readSchemaLog(connection: Connection): Promise<KnownTable> {
  const { rows } = await connection.query(
    `select a.attrelid::int8::text as oid, a.attname as name, format_type(a.atttypid, a.atttypmod) as type
       from pg_attribute a
      where a.attrelid = '${ownSchema}.${schemaLogTable}'::regclass and a.attnum > 0 and not a.attisdropped
      order by a.attnum`,
  )
  const columns = rows as { oid: string; name: string; type: string }[]
  return {
    oid: Number(columns[0]!.oid),
    schema: ownSchema,
    name: schemaLogTable,
    replicaIdentity: 'default',
    partitioned: false,
    columns: columns.map(({ name, type }) => ({ name, type, key: name === 'id', virtual: false })),
  }
}

const entriesAtOnce = 200

/**
 * The entries before the slot's place. An entry that was made beyond that place is yet to come in the stream. Of one that
 * was made before, the transaction may have been open at that place, and comes, too: until then it counts as known, which
 * only the transaction's own rows could tell from the truth, because it had its tables locked.
 */
async function* readEntries(connection: Connection, slot: string): AsyncGenerator<SourceFact> {
  const { from, openFrom } = await readPlace(connection, slot)
  await connection.query('begin read only')
  await connection.query(
    `declare entries no scroll cursor for
       select ${entryColumns} from pgstream.schema_log l order by l.version`,
  )
  for (;;) {
    const { rows } = await connection.query(`fetch ${entriesAtOnce} from entries`)
    if (rows.length === 0) break
    for (const row of rows as Record<string, unknown>[]) {
      const entry = schemaLogEntry((name) => row[name])
      if (parseLsn(entry.schema.lsn) >= from) continue
      yield { entry, assumed: BigInt(entry.schema.xid) >= openFrom }
    }
  }
  await connection.query('commit')
}

/** Where the slot stands, and the first transaction that may have been open there. */
async function readPlace(connection: Connection, slot: string): Promise<{ from: Lsn; openFrom: bigint }> {
  const { rows } = await connection.query(
    `select confirmed_flush_lsn::text as "from", catalog_xmin::text as xmin,
            pg_snapshot_xmax(pg_current_snapshot())::text as now
       from pg_replication_slots where slot_name = ${pg.escapeLiteral(slot)}`,
  )
  const [{ from, xmin, now }] = rows as [{ from: string; xmin: string; now: string }]
  return { from: parseLsn(from), openFrom: widenXid(BigInt(xmin), BigInt(now)) }
}
