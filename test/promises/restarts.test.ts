import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ChangesFile } from '../support/kill-loop/changes-file.ts'
import { KilledCommand } from '../support/kill-loop/killed-command.ts'
import { readLine } from '../support/kill-loop/written-line.ts'
import { postgresSources } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { currentLsn } from '../support/wal.ts'

/** Of a row that Postgres compresses to a few hundred bytes. */
const largeBody = 24_000

const withTable = (database: TemporaryDatabase): Promise<unknown> =>
  database.query('create table t (id int primary key, body text)')

async function idsIn(file: ChangesFile): Promise<(number | null)[]> {
  const ids: (number | null)[] = []
  for await (const text of file.lines()) {
    const line = text === null ? null : readLine(text)
    if (line?.table === 't') ids.push(line.id)
  }
  return ids
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1)

describe('rows that are committed while nobody reads', { concurrency: 3 }, () => {
  for (const source of postgresSources()) {
    test(`${source.label}: all arrive at the next start of run, and nothing comes again after a stop`, async () => {
      await using database = await preparedDatabase(source, { before: withTable })
      await using folder = await temporaryFolder()
      const file = await ChangesFile.create(folder.file('changes.jsonl'))
      let rows = 0
      const commit = async (count: number): Promise<number> => {
        for (let left = count; left > 0; left--) await database.query('insert into t values ($1)', [++rows])
        const [last] = await database.query<{ xmin: string }>('select xmin::text from t where id = $1', [
          rows,
        ])
        return Number(last!.xmin)
      }
      for (let start = 1; start <= 4; start++) {
        const last = await commit(3)
        await using command = await KilledCommand.start(database.url, file, 'file')
        await command.until(async () => (await file.lastXid()) === last, `${rows} rows`)
        await command.stop()
      }
      assert.deepEqual(await idsIn(file), upTo(rows))
    })

    test(`${source.label}: small ones behind a large compressible row arrive when run is killed after its confirmation`, async () => {
      await using database = await preparedDatabase(source, { before: withTable })
      await using folder = await temporaryFolder()
      const file = await ChangesFile.create(folder.file('changes.jsonl'))
      let rows = 0
      for (let kill = 1; kill <= 3; kill++) {
        await database.query(`insert into t values ($1, repeat('pgstream', $2))`, [++rows, largeBody / 8])
        const written = await currentLsn(database)
        await using command = await KilledCommand.start(database.url, file, 'file')
        const isConfirmed = async (): Promise<boolean> => (await confirmedLsn(database)) >= written
        assert.ok(await command.until(isConfirmed, 'The confirmation of the large row'))
        await command.kill()
        for (let small = 1; small <= 20; small++) {
          await database.query('insert into t values ($1)', [++rows])
        }
      }
      const [last] = await database.query<{ xmin: string }>('select xmin::text from t where id = $1', [rows])
      await using command = await KilledCommand.start(database.url, file, 'file')
      await command.until(async () => (await file.lastXid()) === Number(last!.xmin), `${rows} rows`)
      await command.stop()
      assert.deepEqual([...new Set(await idsIn(file))], upTo(rows))
    })
  }
})
