import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { messageKeys } from '../../../src/kafka/message-key.ts'
import type { MessageKey } from '../../../src/kafka/message-key.ts'
import { messagesOf } from '../../../src/kafka/messages-of.ts'
import type { ChangeEvent, RowEvent } from '../../../src/wal/event.ts'
import { WireJsonReader } from '../../../src/wal/read-wire-json.ts'
import type { Relation } from '../../../src/wal/relation.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import type { Row } from '../../../src/wal/value.ts'
import { insert, users } from '../../support/events.ts'

const { commitLsn, ordinal, lsn, xid, commitTime, position, translation, relation } = insert(7)
const row = { commitLsn, ordinal, lsn, xid, commitTime, position, translation, relation }

const update = (values: Row, old: Row | null, relation: Relation = users): RowEvent => ({
  ...row,
  kind: 'update',
  relation,
  values,
  old,
})
const remove = (old: Row, relation: Relation = users): RowEvent => ({ ...row, kind: 'delete', relation, old })
const truncate: RowEvent = { ...row, kind: 'truncate' }

const keyless: Relation = {
  ...users,
  replicaIdentity: 'full',
  columns: users.columns.map((column) => ({ ...column, key: true })),
}
const composite: Relation = {
  ...users,
  schema: 'My Shop',
  table: 'a.b',
  columns: [
    { name: 'id', type: 'bigint', typeOid: 20, key: true },
    { name: 'name', type: 'text', typeOid: 25, key: true },
  ],
}

const keysOf = (event: ChangeEvent, key: MessageKey): (string | null)[] =>
  messagesOf(event, key).map((message) => message.key?.toString() ?? null)

describe('the key of a message', () => {
  for (const [what, event, keys] of [
    ['an insert', insert(7), ['public', 'public.users', 'public.users[7]']],
    ['an update', update([7, 'b'], [7, null]), ['public', 'public.users', 'public.users[7]']],
    ['an update without old row', update([7, 'b'], null), ['public', 'public.users', 'public.users[7]']],
    ['a delete', remove([7, null]), ['public', 'public.users', 'public.users[7]']],
    ['a table without a key', remove([7, 'a'], keyless), ['public', 'public.users', 'public.users']],
    [
      'names and keys of every kind',
      remove([9007199254740993n, '1,"]'], composite),
      ['My Shop', '"My Shop"."a.b"', '"My Shop"."a.b"[9007199254740993,"1,\\"]"]'],
    ],
  ] as const) {
    for (const [i, key] of messageKeys.entries()) {
      test(`${what}, by ${key}`, () => assert.deepEqual(keysOf(event, key), [keys[i]]))
    }
  }

  test('two different composite keys never look the same', () => {
    const one = keysOf(remove([1n, '2","3'], composite), 'primary_key')
    const other = keysOf(remove([1n, '2'], composite), 'primary_key')
    assert.notDeepEqual(one, other)
  })

  test('a large key that an update did not touch stands in its old row', () => {
    const event = update([1n, unchangedToast], [1n, 'large'], composite)
    assert.deepEqual(keysOf(event, 'primary_key'), ['"My Shop"."a.b"[1,"large"]'])
  })

  test("the translator's identity wins over the replica identity", () => {
    const translation = {
      schemaId: 's',
      tableId: 't',
      columnIds: ['t-1', 't-2'],
      identityColumnIds: ['t-2'],
      versionColumnId: '',
    }
    assert.deepEqual(keysOf({ ...insert(7), translation }, 'primary_key'), ['public.users["user 7"]'])
  })

  test("the user's own function decides, and is not asked for messages", () => {
    const own = (event: ChangeEvent): string => event.kind
    assert.equal(messagesOf(insert(7), own)[0]!.key?.toString(), 'insert')
    const message: ChangeEvent = {
      ...row,
      kind: 'message',
      transactional: true,
      prefix: 'p',
      content: Buffer.from('x'),
    }
    assert.equal(messagesOf(message, own)[0]!.key, null)
  })
})

describe('what is sent', () => {
  test('a function that gives something else ends the stream with a sentence that says so', () => {
    for (const given of [undefined, 7, Promise.resolve('key'), {}])
      assert.throws(() => messagesOf(insert(1), (() => given) as unknown as () => string), {
        name: 'TypeError',
        message: /key function .* gave (undefined|number|object), not a string, a Buffer or null/,
      })
  })

  test('a key that changed is a delete under the old and an insert under the new one', () => {
    const reader = new WireJsonReader()
    const sent = messagesOf(update([8, 'b'], [7, null]), 'primary_key').map(({ key, bytes }) => {
      const event = reader.read(bytes.toString(), null)
      return [key?.toString(), event.kind]
    })
    assert.deepEqual(sent, [
      ['public.users[7]', 'delete'],
      ['public.users[8]', 'insert'],
    ])
    assert.equal(messagesOf(update([8, 'b'], [7, null]), 'table').length, 1)
  })

  test('a large value that a key change left alone is named, not missing', () => {
    const relation: Relation = {
      ...users,
      columns: [...users.columns, { name: 'photo', type: 'text', typeOid: 25, key: false }],
    }
    const event = update([8, 'b', unchangedToast], [7, null, null], relation)
    const [, added] = messagesOf(event, 'primary_key')
    assert.match(added!.bytes.toString(), /"unchanged_toast":\["photo"\]/)
    const read = new WireJsonReader().read(added!.bytes.toString(), null)
    assert.ok(read.kind === 'insert')
    assert.deepEqual(read.values, [8, 'b', unchangedToast])
  })

  test('TRUNCATE goes to every partition where the rows of a table are in all of them', () => {
    assert.deepEqual(
      messageKeys.map((key) => messagesOf(truncate, key)[0]!.everywhere),
      [false, false, true],
    )
  })

  test('headers name the change', () => {
    assert.deepEqual(messagesOf({ ...insert(7), ordinal: 3 }, 'schema')[0]!.headers, {
      'pgstream-lsn': '0/2BC',
      'pgstream-commit-lsn': '0/2BC',
      'pgstream-ordinal': '3',
      'content-type': 'application/json',
    })
  })
})
