import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translator } from '../../src/translator/translator.ts'
import { askCatalogs } from '../support/expected-translation.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { inLines, isRow, translationOf } from '../support/translations.ts'
import { eventually } from '../support/wait.ts'

/** Commits of other sessions than this one are streamed, and shown to nobody, until the standby is taken back. */
async function setStandby({ query }: TemporaryDatabase, name: '' | 'nobody'): Promise<void> {
  await query('set synchronous_commit = local')
  await query(`alter system set synchronous_standby_names = '${name}'`)
  await query('select pg_reload_conf()')
  await eventually(async () => {
    const [setting] = await query<{ value: string }>(
      `select current_setting('synchronous_standby_names') as value`,
    )
    return setting?.value === name
  })
}

const marksOf = async ({ query }: TemporaryDatabase): Promise<number> =>
  (await query<{ n: number }>('select count(*)::int as n from pgstream.schema_marks'))[0]!.n

for (const { major } of postgresServers()) {
  test(`Postgres ${major}: a commit that a silent standby hides is marked and confirmed; after a restart its entries are waited for`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await database.query('create table t (a int, b int); create table other (a int)')
    await using hidden = await openSession(database.url)
    let done: Promise<unknown>
    {
      await using stream = openStream(database, { stages: [translator()] })
      await stream.changesOf('select 1')
      await setStandby(database, 'nobody')
      const before = await marksOf(database)
      done = hidden.query(
        'alter table t rename a to c; alter table t rename b to a; alter table t rename c to b',
      )
      await eventually(async () => (await marksOf(database)) === before + 3, { about: 'Three marks' })
      assert.deepEqual(
        await database.query(`select from pgstream.schema_log where schema->>'command' = 'ALTER TABLE'`),
        [],
      )
      await stream.changesOf('select 1')
      await stream.stop()
    }
    const { logger, lines } = heardLogger()
    await using stream = openStream(database, { stages: [translator({ logger })], logger })
    await database.query('insert into other values (1)')
    await eventually(() =>
      lines.some(({ message }) => /does a synchronous standby not answer\?/.test(message)),
    )
    assert.ok(!stream.events.some(isRow), 'the row waits')
    await setStandby(database, '')
    await done
    const rows = (await stream.changesOf('insert into t values (1, 2)')).filter(isRow)
    assert.deepEqual(rows.map(translationOf), [await askCatalogs(database.query, 't')])
  })

  test(`Postgres ${major}: rows of CREATE TABLE AS wait until the entry behind them can be seen`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    const { logger, lines } = heardLogger()
    await using stream = openStream(database, { stages: [translator()], logger })
    await stream.changesOf('select 1')
    await setStandby(database, 'nobody')
    await using hidden = await openSession(database.url)
    const done = hidden.query('create table made as select 7 as x')
    await eventually(() =>
      lines.some(({ message }) => /does a synchronous standby not answer\?/.test(message)),
    )
    assert.ok(!stream.events.some(isRow), 'the row waits')
    await setStandby(database, '')
    await done
    await stream.until((events) => events.some(isRow))
    const changes = stream.events.filter((event) => event.kind === 'schema-change' || event.kind === 'insert')
    assert.deepEqual(inLines(changes), ['entry made', 'insert made 7'])
  })
}
