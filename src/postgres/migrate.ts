import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { bookkeepingSql, hasOurSchema } from './bookkeeping.ts'
import { readMigrations } from './migration-files.ts'
import type { Migration } from './migration-files.ts'
import { fromPostgres } from './postgres-error.ts'

export interface MigrateResult {
  readonly applied: string[]
  readonly already: number
}

/** Of pg_advisory locks of the database: whoever migrates holds it until the transaction's end. */
const migrationLock = 7_245_913_020

/**
 * Applies the migrations that the database does not have, all or those that are wanted, each in a transaction of its own.
 * Any number of callers may do so at once.
 * @throws {PgstreamError} PGSTREAM_MIGRATION_NEWER; PGSTREAM_INIT_INCOMPLETE where another program's schema is in the way.
 */
export async function migrate(
  client: pg.ClientBase,
  isWanted: (migration: Migration) => boolean = () => true,
): Promise<MigrateResult> {
  const migrations = await readMigrations()
  const wanted = migrations.filter(isWanted)
  const applied: string[] = []
  const before = await appliedMigrations(client, migrations)
  if (wanted.every(({ version }) => before.has(version))) return { applied, already: wanted.length }
  for (const migration of wanted) {
    if (await applyOnce(client, migration, migrations)) applied.push(migration.name)
  }
  return { applied, already: wanted.length - applied.length }
}

/** Versions of the migrations that are there. @throws {PgstreamError} when this version must not touch what is there. */
export async function appliedMigrations(
  client: pg.ClientBase,
  known: readonly Migration[],
): Promise<Set<number>> {
  if (!(await hasOurSchema(client))) return new Set()
  const { rows } = await client.query<{ version: number }>('select version from pgstream.migrations')
  const applied = new Set(rows.map(({ version }) => version))
  const newest = known.at(-1)?.version ?? 0
  const highest = Math.max(0, ...applied)
  if (highest <= newest) return applied
  throw new PgstreamError(
    'PGSTREAM_MIGRATION_NEWER',
    `The database has migration ${highest}; this version of pgstream knows ${newest} and older.`,
  )
}

async function applyOnce(
  client: pg.ClientBase,
  migration: Migration,
  all: readonly Migration[],
): Promise<boolean> {
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    await client.query(bookkeepingSql)
    const missing = !(await appliedMigrations(client, all)).has(migration.version)
    if (missing) {
      await client.query(migration.sql)
      await client.query('insert into pgstream.migrations (version, name) values ($1, $2)', [
        migration.version,
        migration.name,
      ])
    }
    await client.query('commit')
    return missing
  } catch (cause) {
    await client.query('rollback').catch(() => undefined)
    throw fromPostgres(cause, `the migration ${migration.name}`)
  }
}
