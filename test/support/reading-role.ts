import { randomBytes } from 'node:crypto'
import type { TemporaryDatabase } from './postgres.ts'

/** A user that may run pgstream on a prepared database, and read what it is granted. Disposing drops it. */
export interface ReadingRole extends AsyncDisposable {
  readonly name: string
  /** The database, by this user. */
  readonly url: string
}

export async function readingRole(
  database: TemporaryDatabase,
  tables: readonly string[],
): Promise<ReadingRole> {
  const name = `test_reader_${randomBytes(6).toString('hex')}`
  await database.query(
    `create role ${name} login replication password 'reader';
     grant select on ${tables.join(', ')} to ${name}; grant usage on schema pgstream to ${name};
     grant select, insert, update on all tables in schema pgstream to ${name};
     grant usage on all sequences in schema pgstream to ${name}`,
  )
  const url = new URL(database.url)
  url.username = name
  url.password = 'reader'
  return {
    name,
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      await database.query(`drop owned by ${name}; drop role ${name}`)
    },
  }
}
