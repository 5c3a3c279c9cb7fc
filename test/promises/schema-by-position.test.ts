import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeStorm } from '../support/ddl-storm/judge-storm.ts'
import { startStorm } from '../support/ddl-storm/start-storm.ts'
import { holdMarks } from '../support/held-marks.ts'
import { ChangesFile } from '../support/kill-loop/changes-file.ts'
import { KilledCommand } from '../support/kill-loop/killed-command.ts'
import { postgresSources } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { seed, times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { randomFrom } from '../support/workload/random.ts'

const kills = times(8, 60)

/** Kills it while it waits to write a mark, and sees to it that the mark is not written any more. */
async function killBeforeMark(command: KilledCommand, database: TemporaryDatabase): Promise<void> {
  await using marks = await holdMarks(database)
  assert.ok(await command.until(() => marks.isWaiting(), 'A mark that waits'), 'the command runs')
  await command.kill()
  await marks.refuse()
}

for (const [i, source] of postgresSources().entries()) {
  test(`${source.label}: killed amid a storm of DDL, also between an entry and its mark, each row has the ids and the key of its own place`, async (context) => {
    await using database = await preparedDatabase(source)
    await using folder = await temporaryFolder()
    const file = await ChangesFile.create(folder.file('changes.jsonl'))
    const random = randomFrom(seed + i)
    await using storm = await startStorm(database, { seed: seed + i, pauseMs: 5 })
    for (let kill = 0; kill < kills; kill++) {
      await using command = await KilledCommand.start(database.url, file, 'file')
      if (!(await command.writes(1 + random.int(100_000)))) throw command.endedByItself()
      if (kill % 2 === 0) await killBeforeMark(command, database)
      else await command.kill()
    }
    await storm.stop()
    await database.query('create table last (a int)')
    const [{ xid }] = (await database.query<{ xid: string }>(
      'insert into last values (1) returning pg_current_xact_id()::text as xid',
    )) as [{ xid: string }]
    {
      await using command = await KilledCommand.start(database.url, file, 'file')
      const isLast = async (): Promise<boolean> => (await file.lastXid()) === Number(xid)
      assert.ok(await command.until(isLast, 'The last row', times(60_000, 900_000)))
      await command.stop()
    }
    const { problems, rows } = await judgeStorm(file, storm.expected)
    const [{ marks }] = (await database.query<{ marks: number }>(
      'select count(*)::int as marks from pgstream.schema_marks',
    )) as [{ marks: number }]
    const summary = `seed ${seed + i}: ${storm.commands()} commands, ${storm.expected.size} rows committed, ${rows} written, ${marks} marks, ${kills} kills`
    context.diagnostic(summary)
    assert.deepEqual(problems.slice(0, 5), [], summary)
    assert.ok(storm.expected.size > 50 && storm.commands() > 50, summary)
  })
}
