import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { recordedListener } from '../../../src/recorded-listener.ts'
import { translator } from '../../../src/translator/translator.ts'
import type { TranslatorOptions } from '../../../src/translator/translator.ts'
import type { ChangeEvent, WalEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import { schemaLogEntry, tableSchema } from '../../support/log-entries.ts'
import { inLines, isRow } from '../../support/translations.ts'
import { commit, entry, insert, relationOf, store, users } from '../../support/translator-events.ts'

async function translated(events: readonly WalEvent[], options: TranslatorOptions = {}): Promise<WalEvent[]> {
  return (await Readable.from(events).pipe(translator(options)).toArray()) as WalEvent[]
}

const idsOf = (events: readonly WalEvent[]): (readonly string[] | null)[] =>
  events.filter(isRow).map(({ translation }) => translation && translation.columnIds)

test('without a store, rows have the ids that the entries before them say; others pass as they are', async () => {
  const relation = relationOf('users', ['id', 'name'])
  const told = schemaLogEntry({ tables: [users] })
  const events = await translated([
    insert(relation, 1n),
    commit(1n),
    entry(told, 2n),
    insert(relation, 2n),
    commit(2n),
  ])
  assert.deepEqual(idsOf(events), [null, ['t1-1', 't1-2']])
  assert.equal(events.length, 5)
  const { translation } = events.filter(isRow)[1]!
  assert.deepEqual(
    [
      translation?.schemaId,
      translation?.tableId,
      translation?.identityColumnIds,
      translation?.versionColumnId,
    ],
    [told.id, 't1', ['t1-1'], ''],
  )
})

test('a table is known by its oid, and by its name where the source does not say that', async () => {
  const byName = relationOf('users', ['name', 'id'], { oid: 0 })
  const events = await translated([entry(schemaLogEntry({ tables: [users] }), 1n), insert(byName, 1n)])
  assert.deepEqual(idsOf(events), [['t1-2', 't1-1']])
})

test('rows of one shape share a translation, until the table is described anew', async () => {
  const relation = relationOf('users', ['id', 'name'])
  const [first, second] = [schemaLogEntry({ tables: [users] }), schemaLogEntry({ tables: [users] })]
  const other = schemaLogEntry({ tables: [tableSchema(2, 'other', { a: 'text' })] })
  const rows = (
    await translated([
      entry(first, 1n),
      insert(relation, 1n),
      entry(other, 1n),
      insert(relation, 1n),
      entry(second, 1n),
      insert(relation, 1n),
    ])
  ).filter(isRow)
  assert.ok(rows[0]!.translation)
  assert.equal(rows[0]!.translation, rows[1]!.translation)
  assert.equal(rows[2]!.translation?.schemaId, second.id)
})

test('a row that has a translation keeps it', async () => {
  const translation = {
    schemaId: null,
    tableId: 'x',
    columnIds: ['x-1'],
    identityColumnIds: null,
    versionColumnId: '',
  }
  const row = { ...insert(relationOf('users', ['id']), 1n), translation }
  const events = await translated([entry(schemaLogEntry({ tables: [users] }), 1n), row])
  assert.equal(events.filter(isRow)[0]?.translation, translation)
})

test('what was assumed of a transaction counts until it comes, and not for ever', async () => {
  const renamed = schemaLogEntry({
    tables: [tableSchema(1, 'people', { id: 'integer!', name: 'text' })],
    xid: '9',
  })
  const state = store({
    readState: async (_at, start) => {
      const take = start()
      take(schemaLogEntry({ tables: [users], xid: '3' }), false)
      take(renamed, true)
      return lsn(20n)
    },
  })
  const [old, now] = [relationOf('users', ['id', 'name']), relationOf('people', ['id', 'name'])]
  const events = await translated(
    [
      insert(now, 5n),
      commit(5n),
      insert(old, 9n),
      entry(renamed, 9n),
      insert(now, 9n),
      commit(9n),
      insert(now, 30n),
    ],
    { store: state },
  )
  assert.deepEqual(
    events.filter(isRow).map(({ translation }) => translation?.tableId),
    ['t1', 't1', 't1', 't1'],
  )
})

test('every part of an entry that a row needs comes before it, once, under ordinals of its own', async () => {
  const parts = [1, 2].map((part) =>
    schemaLogEntry({ xid: '7', part, parts: 2, tables: [{ ...users, columns: [users.columns[part - 1]!] }] }),
  )
  const relation = relationOf('users', ['id', 'name'])
  const defining = store({ define: async () => parts.map((each) => ({ entry: each, values: [] })) })
  const events = await translated(
    [
      insert(relation, 7n),
      insert(relation, 7n),
      ...parts.map((each) => entry(each, 7n)),
      insert(relation, 7n),
      commit(7n),
    ],
    { store: defining },
  )
  const changes = events.filter((event) => event.kind !== 'commit') as ChangeEvent[]
  assert.deepEqual(inLines(changes), [
    'entry users',
    'entry users',
    ...Array<string>(3).fill('insert users 1'),
  ])
  assert.deepEqual(
    changes.slice(0, 2).map(({ ordinal }) => ordinal),
    [-1, -2],
  )
  assert.deepEqual(idsOf(events), Array(3).fill(['t1-1', 't1-2']))
})

test('a finder that names no column of the table ends the stream in words', async () => {
  const events = [
    entry(schemaLogEntry({ tables: [users] }), 1n),
    insert(relationOf('users', ['id', 'name']), 1n),
  ]
  await assert.rejects(translated(events, { findIdentity: () => ['nowhere'] }), {
    code: 'PGSTREAM_CONFIG_INVALID',
    message: 'findIdentity of the translator names the column "nowhere", which public.users does not have.',
  })
})

test('an event that is left out leaves its position behind', async () => {
  const position = { partition: 'topic/0', offset: 3n }
  const row = { ...insert(relationOf('users', ['id', 'name']), 1n), position }
  const events = await translated([row], { skipSchema: () => true })
  assert.deepEqual(events, [{ kind: 'keepalive', position }])
})

for (const plugin of ['pgoutput', 'wal2json']) {
  test(`rows of a recorded ${plugin} stream are translated by its own entries`, async () => {
    const listener = recordedListener(`fixtures/recordings/shop.${plugin}.rec`)
    const rows = ((await listener.pipe(translator()).toArray()) as WalEvent[]).filter(isRow)
    assert.ok(rows.length > 20)
    for (const { kind, relation, translation } of rows) {
      // CREATE TABLE AS: its entry stands behind these rows
      if (relation.table === 'bestsellers' && kind === 'insert') continue
      assert.ok(translation, relation.table)
      assert.ok(
        translation.columnIds.every((id) => id.startsWith(`${translation.tableId}-`)),
        relation.table,
      )
    }
  })
}
