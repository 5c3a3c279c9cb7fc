import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { rowObject } from '../../src/wal/row-object.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSource } from '../support/source.ts'

/** Kind, table, new row; of deletes the old one. */
function told(event: ChangeEvent): [kind: string, table: string, row?: object] {
  if (event.kind === 'insert' || event.kind === 'update') {
    return [event.kind, event.relation.table, rowObject(event.relation, event.values)]
  }
  if (event.kind === 'delete') return [event.kind, event.relation.table, rowObject(event.relation, event.old)]
  assert.ok(event.kind === 'truncate')
  return [event.kind, event.relation.table]
}

for (const server of postgresSources()) {
  test(`${server.label}: partitions and inheritance`, async (t) => {
    await using source = await openSource(server)
    const { query } = source
    const changes = async (sql: string) => (await source.changesOf(sql)).map(told)

    await t.test('rows of a partitioned table carry the name and the shape of their partition', async () => {
      await query(`
        create table sales (day date, id int, note text, primary key (day, id)) partition by range (day);
        create table sales_2025 partition of sales for values from ('2025-01-01') to ('2026-01-01');
        create table sales_2026 (note text, id int not null, dropped int, day date not null);
        alter table sales_2026 drop column dropped;
        alter table sales attach partition sales_2026 for values from ('2026-01-01') to ('2027-01-01')`)
      assert.deepEqual(
        await changes(`
          insert into sales values ('2025-05-05', 1, 'a'), ('2026-06-06', 2, 'b');
          update sales set note = note || '!'`),
        [
          ['insert', 'sales_2025', { day: '2025-05-05', id: 1, note: 'a' }],
          ['insert', 'sales_2026', { note: 'b', id: 2, day: '2026-06-06' }],
          ['update', 'sales_2025', { day: '2025-05-05', id: 1, note: 'a!' }],
          ['update', 'sales_2026', { note: 'b!', id: 2, day: '2026-06-06' }],
        ],
      )
    })

    await t.test(
      'a row that moves to another partition is deleted from one and inserted into the other',
      async () => {
        assert.deepEqual(await changes(`update sales set day = '2026-07-07' where id = 1`), [
          ['delete', 'sales_2025', { day: '2025-05-05', id: 1, note: null }],
          ['insert', 'sales_2026', { note: 'a!', id: 1, day: '2026-07-07' }],
        ])
      },
    )

    await t.test('partitions of partitions: the leaf is named', async () => {
      await query(`
        create table tree (a int, b int, primary key (a, b)) partition by list (a);
        create table tree_1 partition of tree for values in (1) partition by list (b);
        create table tree_1_default partition of tree_1 default;
        create table tree_default partition of tree default`)
      assert.deepEqual(await changes('insert into tree values (1, 1), (2, 2)'), [
        ['insert', 'tree_1_default', { a: 1, b: 1 }],
        ['insert', 'tree_default', { a: 2, b: 2 }],
      ])
    })

    await t.test('TRUNCATE of a partitioned table tells each of its partitions', async () => {
      assert.deepEqual((await changes('truncate tree')).toSorted(), [
        ['truncate', 'tree_1_default'],
        ['truncate', 'tree_default'],
      ])
    })

    await t.test('a detached partition goes on as a table, an attached one as a partition', async () => {
      await query('alter table sales detach partition sales_2025')
      assert.deepEqual(await changes(`insert into sales_2025 values ('2030-01-01', 9, 'free')`), [
        ['insert', 'sales_2025', { day: '2030-01-01', id: 9, note: 'free' }],
      ])
    })

    await t.test('rows of a table that inherits carry its own name and all of its columns', async () => {
      await query(`
        create table cities (name text primary key, people int);
        create table capitals (country text, primary key (name)) inherits (cities);
        alter table capitals replica identity default`)
      assert.deepEqual(
        await changes(`
          insert into cities values ('Lyon', 500);
          insert into capitals values ('Paris', 2000, 'fr');
          update cities set people = people + 1;
          delete from only cities;
          delete from cities`),
        [
          ['insert', 'cities', { name: 'Lyon', people: 500 }],
          ['insert', 'capitals', { name: 'Paris', people: 2000, country: 'fr' }],
          ['update', 'cities', { name: 'Lyon', people: 501 }],
          ['update', 'capitals', { name: 'Paris', people: 2001, country: 'fr' }],
          ['delete', 'cities', { name: 'Lyon', people: null }],
          ['delete', 'capitals', { name: 'Paris', people: null, country: null }],
        ],
      )
    })
  })
}
