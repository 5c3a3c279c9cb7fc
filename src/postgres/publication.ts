import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { fromPostgres, sqlState } from './postgres-error.ts'

/** One for the database, shared by all its slots. */
export const publicationName = 'pgstream_publication'

interface PublicationRow {
  complete: boolean
  /** Stored generated columns flow, too; null before Postgres 18, which cannot send them. */
  generated: boolean | null
}

/** Stored generated columns are left out by a publication of Postgres 18 unless it says otherwise. */
export const publicationSql = (serverVersion: number): string =>
  `create publication ${publicationName} for all tables${
    serverVersion >= 180000 ? ' with (publish_generated_columns = stored)' : ''
  }`

/**
 * Makes the publication, or finds it. It is never made anew: a slot that decoded without it could never go on.
 * @throws {PgstreamError} PGSTREAM_INIT_INCOMPLETE when somebody else's publication has the name.
 */
export async function ensurePublication(
  client: pg.ClientBase,
  serverVersion: number,
): Promise<'done' | 'already'> {
  const found = await findPublication(client)
  if (found) {
    if (!found.complete) throw otherPublication()
    if (found.generated !== false) return 'already'
  }
  const sql = found
    ? `alter publication ${publicationName} set (publish_generated_columns = stored)`
    : publicationSql(serverVersion)
  try {
    await client.query(sql)
    return 'done'
  } catch (cause) {
    const state = sqlState(cause) ?? ''
    const madeMeanwhile = ['42710', '23505'].includes(state) && (await findPublication(client))
    if (madeMeanwhile) return 'already'
    throw fromPostgres(cause, `the publication ${publicationName}`)
  }
}

/** Null when there is none; `complete` when it has every table and every kind of change. */
export async function findPublication(client: pg.ClientBase): Promise<PublicationRow | null> {
  const { rows } = await client.query<PublicationRow>(
    `select puballtables and pubinsert and pubupdate and pubdelete and pubtruncate and not pubviaroot as complete,
            (to_jsonb(p) ->> 'pubgencols') = 's' as generated
       from pg_publication p where pubname = $1`,
    [publicationName],
  )
  return rows[0] ?? null
}

export const otherPublication = (): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_INIT_INCOMPLETE',
    `There is a publication ${publicationName} that does not publish all changes of all tables.`,
    {
      remedy: `Drop it (drop publication ${publicationName}) when nobody reads it, then run pgstream init again.`,
    },
  )
