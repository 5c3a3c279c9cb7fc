import pg from 'pg'
import { startContainer } from './docker.ts'
import { findPostgres } from './postgres-binaries.ts'
import { startCluster } from './postgres-cluster.ts'
import { serverSettings, superuserPassword } from './postgres-settings.ts'
import { Unavailable } from './service.ts'
import type { Service, StartedService } from './service.ts'

/** The only major that is expected to have wal2json: Debian has it for this one. */
const majorWithWal2json = 15

/** A Postgres of one major, announced as PGSTREAM_TEST_POSTGRES_<major>_URL. */
export function postgresService(major: number): Service {
  const variable = `PGSTREAM_TEST_POSTGRES_${major}_URL`
  const describe = (url: string, origin: string, end?: AsyncDisposable): Promise<StartedService> =>
    describeServer({ major, variable, url, origin, end })
  return {
    name: `Postgres ${major}`,
    usedThrough: 'test/support/postgres.ts',
    providers: [
      {
        way: 'environment',
        start: async () => {
          const url = process.env[variable]
          if (!url) throw new Unavailable(`${variable} is not set`)
          return describe(url, variable)
        },
      },
      {
        way: 'Docker',
        start: async () => {
          const flags = Object.entries(serverSettings).map(([name, value]) => `-c ${name}=${value}`)
          const container = await startContainer({
            service: 'postgres',
            project: `postgres-${major}`,
            port: 5432,
            variables: { PGSTREAM_COMPOSE_MAJOR: String(major), PGSTREAM_COMPOSE_SETTINGS: flags.join(' ') },
          })
          return describe(
            `postgres://postgres:${superuserPassword}@127.0.0.1:${container.port}/postgres`,
            'Docker',
            container,
          )
        },
      },
      {
        way: 'local processes',
        start: async () => {
          const binaries = await findPostgres(major)
          const cluster = await startCluster(binaries)
          return describe(cluster.url, binaries.origin, cluster)
        },
      },
    ],
  }
}

async function describeServer(server: {
  major: number
  variable: string
  url: string
  origin: string
  end: AsyncDisposable | undefined
}): Promise<StartedService> {
  const { major, variable, url, origin, end } = server
  const stop = async (): Promise<void> => end?.[Symbol.asyncDispose]()
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const version = await checkServer(client, major)
    const without = major === majorWithWal2json ? await whyNoWal2json(client) : undefined
    return {
      about: `${version} from ${origin} on ${new URL(url).host}`,
      environment: {
        [variable]: url,
        ...(major === majorWithWal2json ? { PGSTREAM_TEST_WAL2JSON: without ? '' : '1' } : {}),
      },
      lacks: without ? [`wal2json: ${without}`] : [],
      [Symbol.asyncDispose]: stop,
    }
  } catch (error) {
    await stop()
    const sentence = error instanceof Error ? error.message : String(error)
    throw new Error(`The Postgres ${major} from ${origin} cannot be used: ${sentence}`, { cause: error })
  } finally {
    await client.end()
  }
}

/** Its version. Throws where it is not what the tests stand on. */
async function checkServer(client: pg.Client, major: number): Promise<string> {
  const { rows } = await client.query<{ version: string; wal_level: string; superuser: string }>(
    `select current_setting('server_version') as version, current_setting('wal_level') as wal_level,
       current_setting('is_superuser') as superuser`,
  )
  const found = rows[0]
  if (!found) throw new Error('it answers nothing')
  if (!found.version.startsWith(`${major}.`)) throw new Error(`it is version ${found.version}`)
  if (found.wal_level !== 'logical') throw new Error(`its wal_level is ${found.wal_level}, not logical`)
  if (found.superuser !== 'on') throw new Error('the user is no superuser')
  return found.version.split(' ')[0] ?? found.version
}

/** What the server says against a slot with wal2json, or undefined when it makes one. */
async function whyNoWal2json(client: pg.Client): Promise<string | undefined> {
  try {
    await client.query(
      `select pg_create_logical_replication_slot('wal2json_' || pg_backend_pid(), 'wal2json', true)`,
    )
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
