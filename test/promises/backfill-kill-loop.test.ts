import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { backfillStatus } from '../../src/postgres/backfill/request-backfill.ts'
import { FoldedRows } from '../support/backfill/folded-rows.ts'
import { changeRows } from '../support/backfill/change-rows.ts'
import { createTables, tableNames } from '../support/backfill/tables-to-fill.ts'
import { ChangesFile } from '../support/kill-loop/changes-file.ts'
import { KilledCommand } from '../support/kill-loop/killed-command.ts'
import type { KilledProgram } from '../support/kill-loop/killed-command.ts'
import { postgresSources } from '../support/postgres.ts'
import { seed, times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { eventually } from '../support/wait.ts'
import { randomFrom } from '../support/workload/random.ts'

const kills = times(4, 40)
const rowsPerTable = times(1_200, 100_000)

const bin = fileURLToPath(new URL('../../bin/pgstream.js', import.meta.url))
const runWithBackfill: KilledProgram = {
  run: (url) => ({ args: [bin, 'run', '--stdout', '--backfill', '--pgurl', url] }),
  stopSignal: 'SIGTERM',
  writesTo: 'stdout',
}

for (const source of postgresSources()) {
  test(`${source.label}: run is killed while it fills and rows change: the last event of each key is the row (seed ${seed})`, async (context) => {
    await using folder = await temporaryFolder()
    await using database = await preparedDatabase(source, {
      before: (fresh) => createTables(fresh, rowsPerTable),
    })
    const file = await ChangesFile.create(folder.file('changes.jsonl'))
    const start = (): Promise<KilledCommand> =>
      KilledCommand.start(database.url, file, 'file', runWithBackfill)
    const isUnderWay = async (): Promise<boolean> => {
      const progress = await backfillStatus({ url: database.url })
      return progress.length === 0 || progress.some(({ state }) => state === 'waiting' || state === 'running')
    }
    const random = randomFrom(seed)
    const stop = new AbortController()
    const changing = changeRows(database, {
      random: randomFrom(seed + 1),
      rows: rowsPerTable,
      signal: stop.signal,
    })
    let whileFilling = 0
    for (let kill = 0; kill < kills; kill++) {
      await using command = await start()
      assert.ok(await command.writes(1 + random.int(times(1e6, 30e6))), 'the command runs')
      if (await isUnderWay()) whileFilling++
      await command.kill()
    }
    await using command = await start()
    await eventually(async () => !(await isUnderWay()), {
      every: 200,
      timeoutMs: 150_000,
      about: 'The end of the backfill',
    })
    stop.abort()
    const changes = await changing
    const [last] = await database.query<{ xid: string }>(
      `insert into numbers values (0, 0, '') returning pg_current_xact_id()::text as xid`,
    )
    await eventually(async () => assert.equal(await file.lastXid(), Number(last!.xid)), { timeoutMs: 60_000 })
    await command.stop()

    const rows = new FoldedRows()
    for await (const line of file.lines()) if (line !== null) rows.take(line)
    assert.deepEqual(await rows.differences(database), [])
    context.diagnostic(
      `${kills} kills, ${whileFilling} of them while it filled; ${rowsPerTable * tableNames.length} rows were there, ${changes} changes; ${rows.snapshots} rows read`,
    )
    assert.ok(whileFilling > kills / 2, 'it was killed while it filled')
  })
}
