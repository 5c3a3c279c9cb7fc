import pg from 'pg'

/** One more connection of a user. Disposing ends it, with whatever transaction it has open. */
export interface Session extends AsyncDisposable {
  readonly pid: number
  readonly client: pg.Client
  query<Row extends pg.QueryResultRow = pg.QueryResultRow>(sql: string, values?: unknown[]): Promise<Row[]>
}

export async function openSession(url: string, applicationName = 'a user'): Promise<Session> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName })
  client.on('error', () => undefined)
  await client.connect()
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid')
  return {
    pid: rows[0]?.pid ?? 0,
    client,
    query: async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
      (await client.query<Row>(sql, values)).rows,
    [Symbol.asyncDispose]: () => client.end(),
  }
}
