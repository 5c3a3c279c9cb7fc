import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { killLoop } from '../support/kill-loop/kill-loop.ts'
import type { KilledProgram } from '../support/kill-loop/killed-command.ts'
import { postgresSources } from '../support/postgres.ts'
import { runnableBlock, workFolder, writeScript } from '../support/readme.ts'
import { seed, times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'

const kills = times(10, 100)

for (const [i, source] of postgresSources().entries()) {
  test(`${source.label}: killed ${kills} times at random moments, the script in the README writes every committed change, in order`, async (context) => {
    await using database = await preparedDatabase(source)
    await using folder = await workFolder()
    await writeScript(folder.path, await runnableBlock('postgresListener'))
    const script: KilledProgram = {
      run: (url) => ({
        args: ['script.mjs'],
        cwd: folder.path,
        env: { ...process.env, DATABASE_URL: url },
      }),
      stopSignal: 'SIGINT',
      writesTo: 'file',
    }
    const path = join(folder.path, 'changes.jsonl')
    const report = await killLoop({ database, path, kills, seed: seed + i, program: script })
    context.diagnostic(
      `seed ${seed + i}: ${report.kills} kills, ${report.withinTransaction} within a transaction, ${report.changes} changes`,
    )
    assert.deepEqual(report.problems.slice(0, 10), [], `seed ${seed + i}`)
    assert.ok(report.kills >= kills && report.aheadOfConfirmed > 0)
  })
}
