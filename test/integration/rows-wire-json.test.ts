import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { formatLsn } from '../../src/wal/lsn.ts'
import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { createEveryType, insertEveryType } from '../support/every-type.ts'
import { postgresSources, wal2jsonIsThere } from '../support/postgres.ts'
import { openSource } from '../support/source.ts'
import type { Source } from '../support/source.ts'

interface WireColumn {
  id?: string
  name: string
  type: string
  value: unknown
}

interface Wire {
  [field: string]: unknown
  action: string
  timestamp: string
  columns?: WireColumn[] | null
  identity?: WireColumn[] | null
}

const wire = (event: ChangeEvent): Wire => JSON.parse(encodeWireJson(event)) as Wire

/** One of every action, on a table with numbers that a double cannot hold. */
async function oneOfEach(source: Source): Promise<ChangeEvent[]> {
  await source.query(`
    create table accounts (id bigint primary key, owner varchar(20), balance numeric(30,10), note text, raw bytea);
    alter table accounts alter column note set storage external`)
  return source.changesOf(async () => {
    await source.query(`
      insert into accounts values (9007199254740993, 'Ann', 12345678901234567890.5, repeat('x', 5000), '\\xdead');
      update accounts set owner = 'Bob';
      update accounts set id = -9007199254740993, raw = null;
      delete from accounts;
      truncate accounts`)
    await source.query(`select pg_logical_emit_message(true, 'app', 'hello')`)
    await source.query(`select pg_logical_emit_message(false, 'app', 'there')`)
  })
}

for (const server of postgresSources()) {
  test(`${server.label}: each action has the fields of the original in its order, then ours`, async () => {
    await using source = await openSource(server)
    const events = await oneOfEach(source)
    const original = ['action', 'timestamp', 'lsn', 'schema', 'table', 'columns', 'identity', 'metadata']
    const ours = ['commit_lsn', 'ordinal', 'xid']
    const message = ['transactional', 'prefix', 'content']
    assert.deepEqual(
      events.map((event) => [wire(event).action, ...Object.keys(wire(event))]),
      [
        ['I', ...original, ...ours],
        ['U', ...original, ...ours, 'unchanged_toast'],
        ['U', ...original, ...ours, 'unchanged_toast'],
        ['D', ...original, ...ours],
        ['T', ...original, ...ours],
        ['M', ...original, ...message, ...ours],
        ['M', ...original, ...message, ...ours],
      ],
    )
    const id = (value: string): string => `{"id":"","name":"id","type":"bigint","value":${value}}`
    const [insert, update, keyChange, remove, truncate] = events.map(encodeWireJson)
    assert.ok(
      insert!.includes(
        `"columns":[${id('9007199254740993')},` +
          `{"id":"","name":"owner","type":"character varying(20)","value":"Ann"},` +
          `{"id":"","name":"balance","type":"numeric(30,10)","value":12345678901234567890.5000000000},` +
          `{"id":"","name":"note","type":"text","value":"${'x'.repeat(5_000)}"},` +
          `{"id":"","name":"raw","type":"bytea","value":"dead"}],"identity":null,`,
      ),
    )
    assert.ok(update!.includes(`"identity":[${id('9007199254740993')}],`))
    assert.ok(keyChange!.includes(`"columns":[${id('-9007199254740993')},`))
    assert.ok(keyChange!.includes(`"identity":[${id('9007199254740993')}],`))
    assert.ok(remove!.includes(`"columns":null,"identity":[${id('-9007199254740993')}],`))
    assert.ok(truncate!.includes(`"columns":null,"identity":null,`))
    for (const [i, event] of events.entries()) {
      const json = wire(event)
      assert.equal(json['commit_lsn'], formatLsn(event.commitLsn))
      assert.equal(json['lsn'], formatLsn(event.lsn))
      assert.equal(json['ordinal'], i < 5 ? i : 0)
      assert.equal(json['xid'], event.xid)
      assert.deepEqual(json['metadata'], {
        schema_id: null,
        table_pgstream_id: '',
        id_col_pgstream_id: null,
        version_col_pgstream_id: '',
      })
    }
    assert.deepEqual(
      events.map((event) => wire(event)['unchanged_toast']),
      [undefined, ['note'], ['note'], undefined, undefined, undefined, undefined],
    )
  })

  const skip = server.major !== 15 || !wal2jsonIsThere()
  test(
    `${server.label}: the JSON is that of wal2json, but for the listed differences`,
    { skip },
    async () => {
      await using source = await openSource(server)
      const other = `${source.database.name}_other`
      await source.query(`select pg_create_logical_replication_slot($1, 'wal2json')`, [other])
      const events = await oneOfEach(source)
      await source.query(createEveryType())
      const rows = await source.changesOf(async () => {
        await source.query(insertEveryType())
        await source.query('alter table every_type replica identity full')
        await source.query('update every_type set key = -key')
      })
      events.push(...rows.filter((event) => event.kind === 'insert' || event.kind === 'update'))

      const theirs = await source.query<{ data: string }>(
        `select data from pg_logical_slot_get_changes($1, null, null, 'format-version', '2', 'include-transaction', 'false',
         'include-lsn', 'true', 'include-timestamp', 'true', 'filter-tables', 'pgstream.*')`,
        [other],
      )
      const expected = theirs
        .map(({ data }) => JSON.parse(data) as Wire)
        .filter(({ prefix }) => prefix !== 'test.mark')
      assert.deepEqual(events.map(comparable), expected.map(comparableToOurs))
    },
  )
}

/** Without what only we have. */
function comparable(event: ChangeEvent): object {
  const { commit_lsn, ordinal, xid, unchanged_toast, metadata, ...json } = wire(event)
  assert.ok(commit_lsn !== undefined && ordinal !== undefined && xid !== undefined && metadata !== undefined)
  assert.ok(unchanged_toast === undefined || Array.isArray(unchanged_toast))
  const columns = (list: WireColumn[] | null | undefined): object[] | null =>
    list?.map(({ id, ...column }) => {
      assert.equal(id, '')
      return {
        ...column,
        value: notFinite.has(String(column.value)) && isFloat(column.type) ? null : column.value,
      }
    }) ?? null
  return { ...json, columns: columns(json.columns), identity: columns(json.identity) }
}

const notFinite = new Set(['NaN', 'Infinity', '-Infinity'])
const isFloat = (type: string): boolean =>
  /^(real|double precision|numeric)/.test(type) && !type.endsWith('[]')

/** The listed differences: fields that are not there are null or empty, and one type lacks its quotes. */
function comparableToOurs(json: Wire): object {
  const columns = (list: WireColumn[] | null | undefined): object[] | null =>
    list?.map((column) => (column.type === 'char' ? { ...column, type: '"char"' } : column)) ?? null
  return {
    schema: '',
    table: '',
    ...json,
    timestamp: json.timestamp ?? '',
    columns: columns(json.columns),
    identity: columns(json.identity),
  }
}
