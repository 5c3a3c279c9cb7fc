import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import type { TableOrigin } from './table-origin.ts'

interface Facts {
  readonly user: string
  readonly database: string
  readonly systemId: string
  readonly databaseOid: string
  readonly isStandby: boolean
  readonly isThere: boolean
  readonly isCurrent: boolean
  readonly rights: readonly string[]
}

/**
 * Looks whether a database has a schema log that can be read, and marks that can be written.
 * @throws {PgstreamError} PGSTREAM_NOT_INITIALIZED, PGSTREAM_NO_RIGHT, PGSTREAM_CONFIG_INVALID.
 */
export async function examineStore(client: pg.Client): Promise<TableOrigin> {
  const { rows } = await client.query<Facts>(
    `select current_user as user, current_database() as database,
            (select system_identifier::text from pg_control_system()) as "systemId",
            (select oid::int8::text from pg_database where datname = current_database()) as "databaseOid",
            pg_is_in_recovery() as "isStandby",
            c.log is not null and c.marks is not null as "isThere",
            exists (select from pg_attribute where attrelid = c.marks and attname = 'xid') as "isCurrent",
            array_remove(array[
              case when not coalesce(has_schema_privilege(to_regnamespace('pgstream'), 'usage'), true)
                then 'usage on schema pgstream' end,
              case when not coalesce(has_table_privilege(c.log, 'select'), true)
                then 'select on pgstream.schema_log' end,
              case when not coalesce(has_table_privilege(c.marks, 'select') and has_table_privilege(c.marks, 'insert'), true)
                then 'select, insert on pgstream.schema_marks' end
            ], null) as rights
       from (
         select max(oid) filter (where relname = 'schema_log') as log,
                max(oid) filter (where relname = 'schema_marks') as marks
           from pg_class where relnamespace = to_regnamespace('pgstream')
       ) as c`,
  )
  const facts = rows[0]!
  const problem = problemOf(facts)
  if (problem) throw problem
  return { systemId: BigInt(facts.systemId), databaseOid: BigInt(facts.databaseOid) }
}

function problemOf({ user, database, isStandby, isThere, isCurrent, rights }: Facts): PgstreamError | null {
  const where = `database ${JSON.stringify(database)}`
  if (!isThere)
    return new PgstreamError('PGSTREAM_NOT_INITIALIZED', `There is no schema log of pgstream in ${where}.`)
  if (!isCurrent) {
    return new PgstreamError(
      'PGSTREAM_NOT_INITIALIZED',
      `The schema log in ${where} was made by an older pgstream.`,
      { remedy: 'Run pgstream init --pgurl URL again; it adds what is missing.' },
    )
  }
  if (isStandby) {
    return new PgstreamError(
      'PGSTREAM_SOURCE_STANDBY',
      `The server with the schema log of ${where} is a standby, or has not ended its recovery: the translator has to write there.`,
      { remedy: 'Name the primary server (PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL).' },
    )
  }
  if (rights.length === 0) return null
  const grants = rights.map((right) => `grant ${right} to ${JSON.stringify(user)};`)
  return new PgstreamError(
    'PGSTREAM_NO_RIGHT',
    `The user ${JSON.stringify(user)} may not use the schema log of ${where}, which the translator needs.`,
    { remedy: `${grants.join(' ')} Or switch the translator off: PGSTREAM_TRANSLATOR_ENABLED=false.` },
  )
}
