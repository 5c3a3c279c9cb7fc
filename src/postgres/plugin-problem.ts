import pg from 'pg'
import { PgstreamError } from '../errors.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { sqlState } from './postgres-error.ts'

interface ServerRow {
  encoding: string
  version: number
  superuser: boolean
  /** Null where this user may not see it, or the minor version does not have it: such a server would not start with it. */
  allowed: string | null
}

/** What keeps this server or this database from being read with the plugin, found without changing anything; or null. */
export async function pluginProblem(
  client: pg.ClientBase,
  plugin: OutputPlugin,
): Promise<PgstreamError | null> {
  const { rows } = await client.query<ServerRow>(
    `select current_setting('server_encoding') as encoding, current_setting('server_version_num')::int as version,
            current_setting('is_superuser') = 'on' as superuser,
            (select setting from pg_settings where name = 'output_plugin_libraries') as allowed`,
  )
  const { encoding, version, superuser, allowed } = rows[0]!
  const libraries = allowed === null ? null : listed(allowed)
  if (libraries && !libraries.includes(plugin)) return notAllowed(plugin, libraries)
  if (plugin === 'pgoutput') return null
  // Postgres converts what pgoutput writes, and ends where bytes of SQL_ASCII are no UTF-8: here they would be replaced
  if (encoding !== 'UTF8') return notConverted(plugin, encoding)
  return superuser ? notInstalled(client, plugin, Math.floor(version / 10_000)) : null
}

/** Only a superuser may load a library; others hear of it from Postgres when the slot is made. */
async function notInstalled(
  client: pg.ClientBase,
  plugin: string,
  major: number,
): Promise<PgstreamError | null> {
  try {
    await client.query(`load ${pg.escapeLiteral(plugin)}`)
    return null
  } catch (cause) {
    if (sqlState(cause) !== '58P01') throw cause
    return new PgstreamError(
      'PGSTREAM_SOURCE_UNSUPPORTED',
      `The server does not have the output plugin ${plugin}.`,
      {
        remedy: installPlugin(plugin, String(major)),
        cause,
      },
    )
  }
}

/** How the packages are called. */
const installPlugin = (plugin: string, major: string): string =>
  `Install it on the server (package postgresql-${major}-${plugin} of Debian and Ubuntu, ${plugin}_${major} of Red Hat), or use pgoutput, which needs none.`

function notAllowed(plugin: string, libraries: readonly string[]): PgstreamError {
  // in one pair of quotes they would be one name
  const list = [...libraries, plugin].map((library) => pg.escapeLiteral(library)).join(', ')
  return new PgstreamError('PGSTREAM_NO_RIGHT', `The server does not allow the output plugin ${plugin}.`, {
    remedy: `As a superuser: alter system set output_plugin_libraries = ${list}; then: select pg_reload_conf(). Or use pgoutput.`,
  })
}

const notConverted = (plugin: string, encoding: string): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_SOURCE_UNSUPPORTED',
    `The database has the encoding ${encoding}, and ${plugin} does not convert it to UTF-8.`,
    {
      remedy:
        encoding === 'SQL_ASCII'
          ? 'Use pgoutput, which tells of texts that are not UTF-8.'
          : 'Use pgoutput, which does.',
    },
  )

/** Names between commas, as Postgres reads lists of them. */
const listed = (setting: string): string[] =>
  Array.from(
    setting.matchAll(/"((?:[^"]|"")*)"|[^\s,]+/g),
    ([whole, quoted]) => quoted?.replaceAll('""', '"') ?? whole,
  )
