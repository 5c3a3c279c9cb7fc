import { init as prepareDatabase } from '../postgres/init.ts'
import { printInitSql } from '../postgres/init-sql.ts'
import { isOutputPlugin } from '../wal/plugin-message.ts'
import { readTarget, runDatabaseTask } from './database-task.ts'
import type { DatabaseTarget } from './database-task.ts'
import type { Program } from './program.ts'

export const init: Program = async (flags) => {
  const plugin = isOutputPlugin(flags['plugin']) ? flags['plugin'] : undefined
  if (flags['print-sql'] === true) {
    const { source, slotName } = readTarget(flags).target
    const sql = await printInitSql({ url: source.url, slotName, plugin })
    process.stdout.write(sql.endsWith('\n') ? sql : `${sql}\n`)
    return 0
  }
  const config = typeof flags['config'] === 'string' ? ` -c ${flags['config']}` : ''
  return runDatabaseTask(
    {
      name: 'init',
      doing: 'Preparing',
      work: (options) => prepareDatabase({ ...options, plugin }),
      closing: (_, target) =>
        `Ready: every change from now on is kept for pgstream. Next: pgstream run --stdout${config}${flagsFor(target)}`,
    },
    flags,
  )
}

/** What `run` needs to find the same database; a URL that was typed may hold a password and is not repeated. */
function flagsFor({ source, slotName }: DatabaseTarget): string {
  const url =
    source.from === '--pgurl' ? ' --pgurl URL' : source.from === 'default' ? ` --pgurl '${source.url}'` : ''
  return `${url}${slotName === undefined ? '' : ` --slot-name ${slotName}`}`
}
