import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pluginParameters } from '../../../src/postgres/start-replication.ts'
import { publicationName } from '../../../src/postgres/publication.ts'
import { formatLsn, lsn } from '../../../src/wal/lsn.ts'
import { findPostgres } from '../../services/postgres-binaries.ts'
import type { Measured } from '../measured.ts'
import type { Limit } from '../scenario.ts'
import type { Written } from '../written.ts'

export const postgres: Limit = { name: 'pg_recvlogical', run: recvlogical }

/** Postgres' own program, which copies what the plugin prints to /dev/null: nobody can be much faster. */
async function recvlogical(written: Written): Promise<Measured> {
  const { bin } = await findPostgres(15)
  const program = join(bin, 'pg_recvlogical')
  if (!existsSync(program)) throw new Error(`${program} is missing: install Debian's postgresql-15`)
  await using slot = await written.slot()
  const options = Object.entries(pluginParameters(written.plugin, publicationName))
  const begun = performance.now()
  const child = spawn(
    program,
    [
      ...['--dbname', written.url, '--slot', slot.name, '--start', '--no-loop', '--file', '/dev/null'],
      ...['--endpos', formatLsn(lsn(written.until))],
      ...options.flatMap(([name, value]) => ['--option', `${name}=${value}`]),
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`pg_recvlogical ended with code ${String(code)}`)
  return { rows: written.rows, seconds: (performance.now() - begun) / 1000 }
}
