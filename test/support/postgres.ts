import { randomBytes } from 'node:crypto'
import pg from 'pg'
import type { OutputPlugin } from '../../src/wal/plugin-message.ts'
import { findPostgres } from '../services/postgres-binaries.ts'
import { startCluster } from '../services/postgres-cluster.ts'
import type { PostgresCluster } from '../services/postgres-cluster.ts'
import { leftOpen } from './left-open.ts'
import { eventually } from './wait.ts'

export interface PostgresServer {
  readonly major: number
  /** Of a superuser. */
  readonly url: string
}

/** The servers that `npm test` started, or that the environment names, lowest major first; never none. */
export function postgresServers(): PostgresServer[] {
  const servers = Object.entries(process.env).flatMap(([variable, url]): PostgresServer[] => {
    const major = /^PGSTREAM_TEST_POSTGRES_(\d+)_URL$/.exec(variable)?.[1]
    return major && url ? [{ major: Number(major), url }] : []
  })
  if (servers.length === 0) {
    throw new Error(
      'This test needs a Postgres server: run npm test, or set PGSTREAM_TEST_POSTGRES_15_URL or PGSTREAM_TEST_POSTGRES_18_URL to the URL of a superuser.',
    )
  }
  return servers.sort((a, b) => a.major - b.major)
}

/** A server, read by way of one of its output plugins. */
export interface PostgresSource extends PostgresServer {
  readonly plugin: OutputPlugin
  /** For titles of tests. */
  readonly label: string
}

/** Every server with pgoutput, and the one that has wal2json with that, too. */
export function postgresSources(): PostgresSource[] {
  return postgresServers().flatMap((server) =>
    (server.major === 15 && wal2jsonIsThere()
      ? (['pgoutput', 'wal2json'] as const)
      : (['pgoutput'] as const)
    ).map((plugin) => ({ ...server, plugin, label: `Postgres ${server.major}, ${plugin}` })),
  )
}

/** Whether the Postgres 15 of this run has the output plugin wal2json. */
export function wal2jsonIsThere(): boolean {
  return process.env['PGSTREAM_TEST_WAL2JSON'] === '1'
}

export interface TemporaryDatabase extends AsyncDisposable {
  readonly name: string
  /** Of a superuser, with the name percent-encoded. */
  readonly url: string
  /** A connected superuser. It may be terminated: an error is listened to and ignored. */
  readonly client: pg.Client
  /** The rows of one statement sent by `client`. */
  readonly query: <Row extends pg.QueryResultRow = pg.QueryResultRow>(
    sql: string,
    values?: unknown[],
  ) => Promise<Row[]>
}

/**
 * A database of one test. Disposing ends whatever is connected to it, drops its slots, rolls back its prepared
 * transactions and drops it.
 */
export async function temporaryDatabase(
  serverUrl: string,
  options: { name?: string; encoding?: string } = {},
): Promise<TemporaryDatabase> {
  const encoding = options.encoding ? ` encoding ${pg.escapeLiteral(options.encoding)} locale 'C'` : ''
  const name = options.name ?? `test_${randomBytes(6).toString('hex')}`
  await withClient(serverUrl, (admin) =>
    // template1 may have a visitor, and then nobody may copy it
    admin.query(`create database ${pg.escapeIdentifier(name)} template template0${encoding}`),
  )
  leftOpen.add(`database ${name}`)
  const url = urlOfDatabase(serverUrl, name)
  const client = await connect(url)
  return {
    name,
    url,
    client,
    query: async <Row extends pg.QueryResultRow>(sql: string, values?: unknown[]) =>
      (await client.query<Row>(sql, values)).rows,
    [Symbol.asyncDispose]: async () => {
      await client.end().catch(() => undefined)
      try {
        await withClient(serverUrl, (admin) => dropDatabase(admin, name, url))
      } catch (error) {
        if (!isStopped(error)) throw error // a server of the test's own that is down keeps nothing
      }
      leftOpen.delete(`database ${name}`)
    },
  }
}

/**
 * A server of this test's own, to be stopped, crashed or set otherwise (`settings` are lines of postgresql.conf). It
 * dies with this process.
 */
export async function startPostgres(options: {
  major: number
  settings?: Readonly<Record<string, string>>
}): Promise<PostgresCluster> {
  const cluster = await startCluster(await findPostgres(options.major), options.settings)
  const what = `Postgres server ${cluster.url}`
  leftOpen.add(what)
  return {
    ...cluster,
    [Symbol.asyncDispose]: async () => {
      await cluster[Symbol.asyncDispose]()
      leftOpen.delete(what)
    },
  }
}

/** The same server, another database. */
export function urlOfDatabase(serverUrl: string, name: string): string {
  const url = new URL(serverUrl)
  url.pathname = `/${encodeURIComponent(name)}`
  return url.href
}

async function dropDatabase(admin: pg.Client, name: string, url: string): Promise<void> {
  const prepared = await admin.query<{ gid: string }>(
    'select gid from pg_prepared_xacts where database = $1',
    [name],
  )
  if (prepared.rows.length > 0) {
    await withClient(url, async (inside) => {
      for (const { gid } of prepared.rows) await inside.query(`rollback prepared ${pg.escapeLiteral(gid)}`)
    })
  }
  await eventually(
    async () => {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = $1
         union all
         select pg_terminate_backend(active_pid) from pg_replication_slots where database = $1 and active`,
        [name],
      )
      await admin.query(
        'select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = $1',
        [name],
      )
      await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`)
      return true
    },
    { timeoutMs: 20_000, every: 50, about: `Dropping the database ${name}` },
  )
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(url)
  try {
    return await use(client)
  } finally {
    await client.end().catch(() => undefined)
  }
}

function isStopped(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ECONNREFUSED' || code === '57P03'
}
