import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { postgresSources } from '../support/postgres.ts'
import { assertRow, printedRows } from '../support/rows.ts'
import { openSource } from '../support/source.ts'

/** `insert 1`, `update 2`, `delete 3`, `truncate orders`: the row by its first column. */
function brief(event: ChangeEvent): string {
  assert.ok(event.kind !== 'message')
  if (event.kind === 'truncate') return `truncate ${event.relation.table}`
  return `${event.kind} ${String((event.kind === 'delete' ? event.old : event.values)[0])}`
}

for (const server of postgresSources()) {
  test(`${server.label}: what a statement changes arrives, and nothing else`, async (t) => {
    await using source = await openSource(server)
    const { query, database } = source
    const changes = async (sql: string): Promise<string[]> => (await source.changesOf(sql)).map(brief)
    await query('create table items (id int primary key, name text)')

    await t.test('every row of a statement arrives, in the order in which it was written', async () => {
      assert.deepEqual(await changes(`insert into items select i, 'n' from generate_series(1, 5) i`), [
        'insert 1',
        'insert 2',
        'insert 3',
        'insert 4',
        'insert 5',
      ])
      assert.deepEqual(
        await changes(`
          insert into items values (2, 'again'), (6, 'new') on conflict (id) do update set name = excluded.name;
          with gone as (delete from items where id > 4 returning id) update items set name = 'c' where id = 1;
          insert into items values (1, 'ignored') on conflict do nothing`),
        ['update 2', 'insert 6', 'update 1', 'delete 5', 'delete 6'],
      )
    })

    await t.test('MERGE arrives as what it did', { skip: server.major < 15 }, async () => {
      assert.deepEqual(
        await changes(`
          merge into items using (values (1, 'merged'), (7, 'made'), (2, null)) source (id, name) on items.id = source.id
           when matched and source.name is null then delete
           when matched then update set name = source.name
           when not matched then insert values (source.id, source.name)`),
        ['update 1', 'insert 7', 'delete 2'],
      )
    })

    await t.test('rows of COPY have one LSN for many, and an ordinal each', async () => {
      await query(`create table copied (id int primary key, name text default 'n')`)
      const seen = await source.changesOf(`copy copied (id) from program 'seq 1 5000'`)
      const printed = await printedRows(database, 'copied', 'id')
      assert.equal(seen.length, 5_000)
      for (const [i, event] of seen.entries()) {
        assert.ok(event.kind === 'insert')
        assertRow(event.relation, event.values, printed[i]!)
        assert.equal(event.ordinal, i)
        assert.equal(event.commitLsn, seen[0]!.commitLsn)
      }
      assert.ok(new Set(seen.map((event) => event.lsn)).size < seen.length)
    })

    await t.test(
      'TRUNCATE of several tables tells each, with CASCADE also those that it reached',
      async () => {
        await query(`
        create table customers (id int primary key);
        create table orders (id int primary key, customer int references customers);
        create table lines (id int primary key, order_id int references orders);
        create table unrelated (id int primary key)`)
        assert.deepEqual((await changes('truncate items, unrelated restart identity')).toSorted(), [
          'truncate items',
          'truncate unrelated',
        ])
        assert.deepEqual((await changes('truncate customers cascade')).toSorted(), [
          'truncate customers',
          'truncate lines',
          'truncate orders',
        ])
      },
    )

    await t.test('TRUNCATE stands in the order of its transaction', async () => {
      assert.deepEqual(
        await changes(`insert into items values (1); truncate items; insert into items values (2)`),
        ['insert 1', 'truncate items', 'insert 2'],
      )
    })

    await t.test('what was rolled back does not arrive', async () => {
      assert.deepEqual(await changes('begin; insert into items values (50); truncate items; rollback'), [])
      await assert.rejects(query('insert into items values (51), (51)'), /duplicate key/)
      assert.deepEqual(await changes('insert into items values (52)'), ['insert 52'])
    })

    await t.test('of savepoints only what was kept arrives, in order', async () => {
      assert.deepEqual(
        await changes(`
          begin;
          insert into items values (60);
          savepoint a;
          insert into items values (61);
          savepoint b;
          insert into items values (62);
          rollback to a;
          insert into items values (63);
          savepoint c;
          insert into items values (64);
          release c;
          savepoint d;
          insert into items values (65);
          release d;
          rollback to a;
          insert into items values (66);
          release a;
          commit`),
        ['insert 60', 'insert 66'],
      )
    })

    await t.test(
      'a function that catches an error keeps what was before, and drops what it caught',
      async () => {
        assert.deepEqual(
          await changes(`
          do $$ begin
            insert into items values (70);
            begin insert into items values (71); perform 1 / 0; exception when division_by_zero then null; end;
            insert into items values (72);
          end $$`),
          ['insert 70', 'insert 72'],
        )
      },
    )

    await t.test('foreign keys and triggers: what they change arrives, too', async () => {
      await query(`
        create table parents (id int primary key);
        create table children (id int primary key, parent int references parents on delete cascade);
        insert into parents values (1); insert into children values (10, 1), (11, 1)`)
      assert.deepEqual(await changes('delete from parents'), ['delete 1', 'delete 10', 'delete 11'])
    })

    await t.test('a prepared transaction arrives when it is committed, not when it is prepared', async () => {
      await query(`begin; insert into items values (80); prepare transaction '${database.name}'`)
      assert.deepEqual(await changes('insert into items values (81)'), ['insert 81'])
      assert.deepEqual(await changes(`commit prepared '${database.name}'`), ['insert 80'])
    })

    await t.test('unlogged and temporary tables are not in the stream', async () => {
      assert.deepEqual(
        await changes(`
          create unlogged table unlogged (id int);
          insert into unlogged values (1);
          create temporary table temporary (id int);
          insert into temporary values (1)`).then((all) =>
          all.filter((each) => !each.startsWith('schema-change')),
        ),
        [],
      )
    })
  })
}
