import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { rowObject } from '../../src/wal/row-object.ts'
import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { postgresSources } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { openSource, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'

/** Kind, old row, new row. */
function told(event: ChangeEvent): [kind: string, old: object | null, values?: object] {
  assert.ok(event.kind === 'insert' || event.kind === 'update' || event.kind === 'delete')
  const old = event.kind === 'insert' || !event.old ? null : rowObject(event.relation, event.old)
  if (event.kind === 'delete') return [event.kind, old]
  return [event.kind, old, rowObject(event.relation, event.values)]
}

/** Tables whose updates and deletes Postgres would refuse under a publication, and how each is made. */
const tables: Readonly<Record<string, string>> = {
  'no key': 'create table t (id int, name text)',
  'a unique column only': 'create table t (id int not null unique, name text)',
  'a deferrable key': 'create table t (id int primary key deferrable initially deferred, name text)',
  'REPLICA IDENTITY NOTHING': `create table t (id int primary key, name text); alter table t replica identity nothing`,
  'an identity index that was dropped': `
    create table t (id int not null, name text); create unique index t_id on t (id);
    alter table t replica identity using index t_id; drop index t_id`,
  'a key that was dropped':
    'create table t (id int primary key, name text); alter table t drop constraint t_pkey',
  'rows of a query': `create table t as select 1 as id, 'x'::text as name where false`,
}
const statements = `insert into t values (1, 'a'); update t set name = 'b'; update t set id = 2; delete from t`
const expected = [
  ['insert', null, { id: 1, name: 'a' }],
  ['update', { id: 1, name: 'a' }, { id: 1, name: 'b' }],
  ['update', { id: 1, name: 'b' }, { id: 2, name: 'b' }],
  ['delete', { id: 2, name: 'b' }],
]

for (const server of postgresSources()) {
  test(`${server.label}: tables without a usable key flow with their whole old rows`, async (t) => {
    await using source = await openSource(server)
    for (const [what, sql] of Object.entries(tables)) {
      await t.test(what, async () => {
        await source.query('drop table if exists t')
        await source.query(sql)
        const seen = await source.changesOf(statements)
        assert.deepEqual(seen.map(told), expected)
        for (const event of seen)
          assert.ok(event.kind !== 'message' && event.relation.replicaIdentity === 'full')
        const update = JSON.parse(encodeWireJson(seen[1]!)) as {
          identity: { name: string; value: unknown }[]
        }
        assert.deepEqual(
          update.identity.map(({ name, value }) => [name, value]),
          [
            ['id', 1],
            ['name', 'a'],
          ],
        )
      })
    }
  })

  test(`${server.label}: tables without a usable key that were there before init do so, too`, async (t) => {
    const before = async (database: TemporaryDatabase): Promise<void> => {
      for (const [i, sql] of Object.values(tables).entries()) {
        await database.query(`create schema s${i}; set search_path = s${i}; ${sql}`)
      }
    }
    await using database = await preparedDatabase(server, { before })
    await using stream = openStream(database)
    for (const [i, what] of Object.keys(tables).entries()) {
      await t.test(what, async () => {
        const seen = await stream.changesOf(`set search_path = s${i}; ${statements}`)
        assert.deepEqual(seen.map(told), expected)
      })
    }
  })
}
