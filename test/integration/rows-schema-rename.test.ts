import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { openSource } from '../support/source.ts'

/** Inserts by table and value, renames of schemas by both names. */
const told = (event: ChangeEvent): unknown => {
  if (event.kind === 'insert') return [`${event.relation.schema}.${event.relation.table}`, event.values[0]]
  if (event.kind !== 'schema-change') return event.kind
  return `${event.entry.schema.renamed_from ?? 'nothing'} is ${event.entry.schemaName}`
}

for (const server of postgresSources()) {
  test(`${server.label}: rows behind the entry of a renamed schema carry its new name`, async () => {
    await using source = await openSource(server)
    await source.query('create schema a; create table a.t (id int primary key); insert into a.t values (0)')
    const seen = await source.changesOf(async () => {
      await source.query(
        'begin; insert into a.t values (1); alter schema a rename to b; insert into b.t values (2); commit',
      )
      await source.query('insert into b.t values (3)')
      await source.query('alter schema b rename to c')
      await source.query('insert into c.t values (4)')
    })
    assert.deepEqual(seen.map(told), [['a.t', 1], 'a is b', ['b.t', 2], ['b.t', 3], 'b is c', ['c.t', 4]])
  })

  test(`${server.label}: a schema is renamed beside an open transaction, and its name used again`, async () => {
    await using source = await openSource(server)
    await using other = await openSession(source.database.url)
    await source.query('create schema a; create table a.t (id int); create table a.u (id int)')
    const seen = await source.changesOf(async () => {
      await other.query('begin; insert into a.t values (1); insert into a.u values (2)')
      await source.query('alter schema a rename to b')
      await other.query('insert into b.t values (3); commit')
      await source.query(
        'begin; create schema a; create table a.t (id int); commit; insert into a.t values (4)',
      )
      await source.query('insert into b.t values (5)')
    })
    assert.deepEqual(
      seen.map(told).filter((each) => Array.isArray(each)),
      [
        ['b.t', 1],
        ['b.u', 2],
        ['b.t', 3],
        ['a.t', 4],
        ['b.t', 5],
      ],
    )
  })
}
