import { PgstreamError } from '../errors.ts'

export interface PrintInitSqlOptions {
  /** Read for the database's name only: nothing is connected to. */
  url: string
  slotName?: string | undefined
}

/** What `init` does, as one script that a DBA reads and runs with psql. */
export async function printInitSql(options: PrintInitSqlOptions): Promise<string> {
  throw new PgstreamError(
    'PGSTREAM_INTERNAL',
    `init --print-sql is not there yet (${Object.keys(options).length})`,
  )
}
