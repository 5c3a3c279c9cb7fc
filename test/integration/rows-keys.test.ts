import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent } from '../../src/wal/event.ts'
import type { ReplicaIdentity } from '../../src/wal/relation.ts'
import { rowObject } from '../../src/wal/row-object.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSource } from '../support/source.ts'

interface Seen {
  kind: string
  identity: ReplicaIdentity
  /** Names of the columns that identify a row. */
  keys: string[]
  old: object | null
  values: object | null
}

/** What the tests of this file compare: column values by name, and of old rows only what counts. */
function seen(event: ChangeEvent): Seen {
  assert.ok(event.kind === 'insert' || event.kind === 'update' || event.kind === 'delete')
  const { relation } = event
  const keys = relation.columns.filter(({ key }) => key).map(({ name }) => name)
  const old = event.kind === 'insert' || !event.old ? null : rowObject(relation, event.old)
  return {
    kind: event.kind,
    identity: relation.replicaIdentity,
    keys,
    old: old && Object.fromEntries(keys.map((key) => [key, old[key]])),
    values: event.kind === 'delete' ? null : rowObject(relation, event.values),
  }
}

for (const server of postgresSources()) {
  test(`${server.label}: what identifies a row in updates and deletes`, async (t) => {
    await using source = await openSource(server)
    const { query } = source
    const changes = async (sql: string): Promise<Seen[]> => (await source.changesOf(sql)).map(seen)

    await t.test('an update that keeps the key has no old row, a delete has the key', async () => {
      await query('create table kept (id int primary key, name text)')
      const common = { identity: 'default', keys: ['id'] }
      assert.deepEqual(
        await changes(`insert into kept values (1, 'a'); update kept set name = 'b'; delete from kept`),
        [
          { ...common, kind: 'insert', old: null, values: { id: 1, name: 'a' } },
          { ...common, kind: 'update', old: null, values: { id: 1, name: 'b' } },
          { ...common, kind: 'delete', old: { id: 1 }, values: null },
        ],
      )
    })

    await t.test('a key change arrives as one update with the old key', async () => {
      await query(`create table moved (id int primary key, name text); insert into moved values (1, 'a')`)
      assert.deepEqual(await changes(`update moved set id = 2, name = 'b'`), [
        { kind: 'update', identity: 'default', keys: ['id'], old: { id: 1 }, values: { id: 2, name: 'b' } },
      ])
    })

    await t.test('a key of several columns arrives whole when one of them changes', async () => {
      await query(
        `create table pairs (c text, b int, a int, primary key (a, c)); insert into pairs values ('x', 1, 7)`,
      )
      assert.deepEqual(await changes(`update pairs set c = 'y'; delete from pairs`), [
        {
          kind: 'update',
          identity: 'default',
          keys: ['c', 'a'],
          old: { c: 'x', a: 7 },
          values: { c: 'y', b: 1, a: 7 },
        },
        { kind: 'delete', identity: 'default', keys: ['c', 'a'], old: { c: 'y', a: 7 }, values: null },
      ])
    })

    await t.test(
      'with REPLICA IDENTITY USING INDEX the index names the row, not the primary key',
      async () => {
        await query(`
        create table indexed (id int primary key, code text not null, name text);
        create unique index indexed_code on indexed (code);
        alter table indexed replica identity using index indexed_code;
        insert into indexed values (1, 'a', 'x')`)
        const common = { identity: 'index', keys: ['code'] }
        assert.deepEqual(
          await changes(`update indexed set id = 2; update indexed set code = 'b'; delete from indexed`),
          [
            { ...common, kind: 'update', old: null, values: { id: 2, code: 'a', name: 'x' } },
            { ...common, kind: 'update', old: { code: 'a' }, values: { id: 2, code: 'b', name: 'x' } },
            { ...common, kind: 'delete', old: { code: 'b' }, values: null },
          ],
        )
      },
    )

    await t.test(
      'with REPLICA IDENTITY FULL the whole old row arrives, also when nothing changed',
      async () => {
        await query(`
        create table complete (id int primary key, name text, gone text);
        alter table complete replica identity full;
        insert into complete values (1, 'a', null)`)
        const common = { identity: 'full', keys: ['id', 'name', 'gone'] }
        const first = { id: 1, name: 'a', gone: null }
        const second = { id: 1, name: 'b', gone: '' }
        assert.deepEqual(
          await changes(
            `update complete set id = id; update complete set name = 'b', gone = ''; delete from complete`,
          ),
          [
            { ...common, kind: 'update', old: first, values: first },
            { ...common, kind: 'update', old: first, values: second },
            { ...common, kind: 'delete', old: second, values: null },
          ],
        )
      },
    )
  })
}
