import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import type { StoredRow } from '../support/slow-sink-process.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { eventually } from '../support/wait.ts'

const script = fileURLToPath(new URL('../support/slow-sink-process.ts', import.meta.url))
const allRows = 30_000
/** More than are confirmed in two seconds, and fewer than wait behind the guard. */
const rowsBeforeKill = 10_000
const mostMsUnconfirmed = 2_000

const fill = (database: TemporaryDatabase): Promise<unknown> =>
  database.query(`
    do $$
    declare id int := 0;
    begin
      while id < ${allRows} loop
        insert into t select i from generate_series(id + 1, id + 1 + id % 400) i where i <= ${allRows};
        id := id + 1 + id % 400;
        commit;
      end loop;
    end $$`)

async function storedIn(file: string): Promise<StoredRow[]> {
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n')
  return lines.slice(0, -1).map((line) => JSON.parse(line) as StoredRow)
}

const nameOf = ({ commitLsn, ordinal }: { commitLsn: unknown; ordinal: number }): string =>
  `${String(commitLsn)} ${ordinal}`

describe('what comes again after SIGKILL with a full guard and a slow sink', { concurrency: 2 }, () => {
  for (const server of postgresServers()) {
    test(`Postgres ${server.major}: only the open transaction, and those that were complete for less than two seconds`, async () => {
      await using database = await preparedDatabase(server, {
        before: (fresh) => fresh.query('create table t (id int primary key)'),
      })
      await using folder = await temporaryFolder()
      const file = folder.file('stored.jsonl')
      await fill(database)

      const reader = spawn(process.execPath, ['--import', 'tsx', script, database.url, file], {
        stdio: ['ignore', 'inherit', 'inherit'],
      })
      const ended = once(reader, 'exit')
      await eventually(
        async () => reader.exitCode !== null || (await storedIn(file)).length >= rowsBeforeKill,
        { every: 100, timeoutMs: 60_000 },
      )
      reader.kill('SIGKILL')
      assert.deepEqual(await ended, [null, 'SIGKILL'])

      const stored = await storedIn(file)
      assert.ok(stored.at(-1)?.guardIsFull, 'the source waited for the sink')
      await using stream = openStream(database)
      await stream.until((events) => {
        const last = events.findLast((event) => event.kind === 'insert')
        return last?.values[0] === allRows
      }, 'The last row')
      const arrived = stream.events.filter((event) => event.kind === 'insert').map(nameOf)
      assert.equal(new Set([...stored.map(nameOf), ...arrived]).size, allRows)

      const again = new Set(arrived)
      const cameAgain = stored.filter((row) => again.has(nameOf(row)))
      assert.ok(cameAgain.length > 0 && cameAgain.length < stored.length)
      const end = stored.at(-1)!
      const completeAt = new Map(stored.map(({ commitLsn, at }) => [commitLsn, at]))
      const tooOld = cameAgain.filter(
        ({ commitLsn }) =>
          end.commitLsn !== commitLsn && completeAt.get(commitLsn)! < end.at - mostMsUnconfirmed,
      )
      assert.equal(tooOld.length, 0, `${tooOld.length} of ${cameAgain.length} rows that came again`)
    })
  }
})
