import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { ChunkReader } from '../../src/postgres/backfill/chunk-reader.ts'
import { startBackfill } from '../../src/postgres/backfill/request-backfill.ts'
import { rowObject } from '../../src/wal/row-object.ts'
import type { Relation } from '../../src/wal/relation.ts'
import type { Row } from '../../src/wal/value.ts'
import { assertSame, filled, openFill } from '../support/backfill/fill.ts'
import { LastRows } from '../support/backfill/last-rows.ts'
import { postgresSources } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'

/** Does it once, when the rows of a chunk are read and the mark of its end is still to be written. */
function beforeHigh(act: () => Promise<unknown>): Disposable & { readonly isDone: () => boolean } {
  let isDone = false
  const replaced = mock.method(
    ChunkReader.prototype,
    'markHigh',
    async function (this: ChunkReader, text: string): Promise<void> {
      replaced.mock.restore()
      await act()
      isDone = true
      await this.markHigh(text)
    },
  )
  return { isDone: () => isDone, [Symbol.dispose]: () => replaced.mock.restore() }
}

const happenings = {
  'is updated': `update t set v = 'new' where id = 2`,
  'is deleted': 'delete from t where id = 2',
  'is deleted and comes back': `delete from t where id = 2; insert into t values (2, 'back')`,
  'gets another key': 'update t set id = 9 where id = 2',
  'gives its key to another': `begin; update t set id = 9 where id = 2; update t set id = 2 where id = 3; commit`,
  'goes with all others': `truncate t; insert into t values (7, 'seven')`,
  'gets one more column': 'alter table t add column w int default 5',
  'has a column of another name': 'alter table t rename column v to w',
}

for (const source of postgresSources()) {
  for (const [what, sql] of Object.entries(happenings)) {
    test(`${source.label}: a row that was read, and ${what} before its chunk ends, is as the table has it`, async () => {
      await using database = await preparedDatabase(source, {
        before: ({ query }) =>
          query(
            `create table t (id int primary key, v text); insert into t select i, 'old' from generate_series(1, 4) i`,
          ),
      })
      const rows = new LastRows('t')
      await using stream = openFill(database, { rows })
      using meanwhile = beforeHigh(() => database.query(sql))
      await startBackfill({ url: database.url })
      const progress = await filled(database.url)
      assert.deepEqual(
        progress.map(({ state }) => state),
        ['done'],
      )
      assert.ok(meanwhile.isDone())
      await stream.changesOf('select 1')
      await assertSame(database, rows, 't')
    })
  }

  test(`${source.label}: of two rows that are the same, and one of which is changed before its chunk ends, none is missing`, async () => {
    await using database = await preparedDatabase(source, {
      before: ({ query }) =>
        query(
          `create table t (id int, v text); alter table t replica identity full; insert into t values (1, 'a'), (1, 'a')`,
        ),
    })
    await using stream = openFill(database, { rows: new LastRows('t') })
    using meanwhile = beforeHigh(() =>
      database.query(`update t set v = 'b' where ctid = (select min(ctid) from t)`),
    )
    await startBackfill({ url: database.url })
    await filled(database.url)
    assert.ok(meanwhile.isDone())
    await stream.changesOf('select 1')
    const counts = new Map<unknown, number>()
    const add = (relation: Relation, row: Row | null, count: number): void => {
      const value = row && rowObject(relation, row)['v']
      if (row) counts.set(value, (counts.get(value) ?? 0) + count)
    }
    for (const event of stream.events) {
      if (event.kind !== 'insert' && event.kind !== 'update') continue
      if (event.relation.table !== 't') continue
      add(event.relation, event.values, 1)
      // a destination that has no such row takes none away
      if (event.kind === 'update' && (counts.get('a') ?? 0) > 0) add(event.relation, event.old, -1)
    }
    assert.ok((counts.get('a') ?? 0) >= 1 && (counts.get('b') ?? 0) >= 1, JSON.stringify([...counts]))
  })
}
