import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import { defaultSlotName, slotNameFor } from '../../src/postgres/slot-name.ts'

test('a database whose name Postgres allows in a slot keeps it', () => {
  assert.equal(defaultSlotName('shop'), 'pgstream_shop_slot')
  assert.equal(defaultSlotName('shop_2'), 'pgstream_shop_2_slot')
})

test('every default name is one that Postgres allows, and always the same', () => {
  for (const database of [
    'My-Db.1',
    'größe',
    '数据库',
    'a b',
    "x'; drop",
    '',
    'n'.repeat(63),
    '-'.repeat(63),
  ]) {
    const name = defaultSlotName(database)
    assert.match(name, /^[a-z0-9_]{1,63}$/)
    assert.equal(defaultSlotName(database), name)
  }
  assert.match(defaultSlotName('My-Db.1'), /^pgstream_my_db_1_[0-9a-f]{8}_slot$/)
})

test('databases of one server never share a slot', () => {
  const long = 'n'.repeat(60)
  const databases = [
    'my_db',
    'my-db',
    'my.db',
    'My_Db',
    'MY_DB',
    'my db',
    `${long}a`,
    `${long}b`,
    '数据',
    '数库',
  ]
  assert.equal(new Set(databases.map(defaultSlotName)).size, databases.length)
})

test('a name that was asked for is used as it is, or refused with one that works', () => {
  assert.equal(slotNameFor('shop', 'orders_1'), 'orders_1')
  assert.equal(slotNameFor('shop'), 'pgstream_shop_slot')
  for (const asked of ['Orders', 'or-ders', 'n'.repeat(64)]) {
    assert.throws(
      () => slotNameFor('shop', asked),
      (error: unknown) => {
        assert.ok(error instanceof PgstreamError)
        assert.equal(error.code, 'PGSTREAM_CONFIG_INVALID')
        const suggested = /of them: (.*)\.$/.exec(error.remedy)?.[1] ?? ''
        assert.equal(slotNameFor('shop', suggested), suggested)
        return true
      },
    )
  }
})
