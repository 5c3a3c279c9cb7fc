import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translator } from '../../src/translator/translator.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { askCatalogs } from '../support/expected-translation.ts'
import { holdMarks } from '../support/held-marks.ts'
import { postgresSources } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { isRow, translationOf } from '../support/translations.ts'
import { eventually } from '../support/wait.ts'

/** Null as long as there are not so many. */
const rowsOf = (events: readonly WalEvent[], count: number): unknown[] | null => {
  const rows = events.filter(isRow)
  return rows.length < count ? null : rows.map(translationOf)
}

for (const server of postgresSources()) {
  test(`${server.label}: a transaction that comes again, its entries committed and not marked, has each row by its own place`, async () => {
    await using database = await preparedDatabase(server)
    const { query } = database
    await query('create table t (a int not null, b int not null, c int)')
    const expected: unknown[] = []
    {
      await using stream = openStream(database, { stages: [translator()] })
      await stream.changesOf('select 1')
      await using marks = await holdMarks(database)
      await query('begin')
      // the names are the same at each place, and the columns that have them are not
      for (const statement of [
        'select 1',
        'alter table t rename a to x; alter table t rename b to a; alter table t rename x to b',
        'alter table t add primary key (a)',
        'alter table t rename c to x; alter table t rename b to c; alter table t rename x to b',
        'drop table t; create table t (a int primary key, b int, c int)',
      ]) {
        await query(statement)
        const n = expected.length
        await query(`insert into t (a, b, c) values (${n}, ${n}, ${n})`)
        expected.push(await askCatalogs(query, 't'))
      }
      await query('commit')
      await stream.until((events) => rowsOf(events, expected.length), 'The rows')
      await eventually(() => marks.isWaiting(), { about: 'A mark that waits' })
      assert.deepEqual(stream.events.filter(isRow).map(translationOf), expected)
      stream.listener.destroy()
      await stream.ended.catch(() => undefined)
      await marks.refuse()
    }
    const entries = await query(
      `select from pgstream.schema_log as l
        where l.schema->>'command' like '%TABLE' and not exists (select from pgstream.schema_marks where entry_id = l.id)`,
    )
    assert.ok(entries.length >= 8, `${entries.length} entries that are not marked`)
    await using again = openStream(database, { stages: [translator()] })
    const rows = await again.until((events) => rowsOf(events, expected.length), 'The rows again')
    assert.deepEqual(rows, expected)
  })
}
