import { randomBytes } from 'node:crypto'
import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { publicationName } from './publication.ts'

/** What is still to be made, and so must be allowed. */
export interface Needs {
  readonly eventTriggers: boolean
  readonly publication: boolean
}

/**
 * What this user may not do, as one error, or null. Managed services let some users do what Postgres reserves to
 * superusers: it is tried, in a transaction that is rolled back.
 */
export async function missingRights(
  client: pg.ClientBase,
  { user, database }: { user: string; database: string },
  needs: Needs,
): Promise<PgstreamError | null> {
  const { rows } = await client.query<{ superuser: boolean; replication: boolean; create: boolean }>(
    `select rolsuper as superuser,
            rolsuper or rolreplication or exists (
              select from pg_roles r
               where r.rolname in ('rds_replication', 'rds_superuser') and pg_has_role(current_user, r.oid, 'member')
            ) as replication,
            has_database_privilege(current_database(), 'create') as create
       from pg_roles where rolname = current_user`,
  )
  const may = rows[0] ?? { superuser: false, replication: false, create: false }
  if (may.superuser) return null
  const missing = [
    may.replication ? '' : 'replicate',
    !needs.eventTriggers || may.create ? '' : 'create a schema in the database',
    !needs.eventTriggers || (may.create && (await canCreateEventTriggers(client)))
      ? ''
      : 'create event triggers',
    !needs.publication || (await allowed(client, [tryPublication()])) ? '' : 'publish all tables',
  ].filter((right) => right !== '')
  if (missing.length === 0) return null
  const remedies = [
    ...(missing.length > 1 || may.replication
      ? ['Run pgstream init as a superuser, or give a DBA the output of pgstream init --print-sql.']
      : []),
    ...(may.replication ? [] : [`Let the user replicate: alter role ${JSON.stringify(user)} replication.`]),
  ]
  return new PgstreamError(
    'PGSTREAM_NO_RIGHT',
    `The user ${JSON.stringify(user)} may not ${missing.join(', nor ')} in database ${JSON.stringify(database)}.`,
    { remedy: remedies.join(' ') },
  )
}

function canCreateEventTriggers(client: pg.ClientBase): Promise<boolean> {
  const name = unusedName()
  return allowed(client, [
    `create schema ${name}`,
    `create function ${name}.nothing() returns event_trigger language plpgsql as 'begin end'`,
    `create event trigger ${name} on ddl_command_end when tag in ('CREATE CAST') execute function ${name}.nothing()`,
  ])
}

const tryPublication = (): string => `create publication ${publicationName}_${unusedName()} for all tables`

const unusedName = (): string => `pgstream_try_${randomBytes(6).toString('hex')}`

async function allowed(client: pg.ClientBase, statements: readonly string[]): Promise<boolean> {
  await client.query('begin')
  try {
    for (const statement of statements) await client.query(statement)
    return true
  } catch {
    return false
  } finally {
    await client.query('rollback')
  }
}
