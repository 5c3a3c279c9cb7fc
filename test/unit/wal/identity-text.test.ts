import assert from 'node:assert/strict'
import { test } from 'node:test'
import { identityPlaces, identityText, rowIdentity } from '../../../src/wal/identity-text.ts'
import { unchangedToast } from '../../../src/wal/value.ts'

test('one value is its own text, as Postgres prints it', () => {
  const values = ['a-b\\c', 7, -0, 9007199254740993n, true, Buffer.from([0, 255]), '']
  assert.deepEqual(
    values.map((value) => identityText([value])),
    ['a-b\\c', '7', '-0', '9007199254740993', 'true', '00ff', ''],
  )
})

test('several values differ from all others, wherever the separator stands in them', () => {
  const pieces = ['', 'a', 'b', '-', '\\', 'a-', '-b', 'a\\', '\\-', '--']
  const lists = pieces.flatMap((a) => pieces.flatMap((b) => [[a, b], ...pieces.map((c) => [a, b, c])]))
  assert.equal(identityText(['a-b', 'c']), 'a\\-b-c')
  assert.equal(new Set(lists.map((list) => identityText(list))).size, lists.length)
})

test('what is longer than 512 bytes is hashed, and so is what looks like a hash', () => {
  const hash = /^sha256:[0-9a-f]{64}$/
  assert.equal(identityText(['x'.repeat(512)])?.length, 512)
  const long = identityText(['x'.repeat(513)])!
  assert.match(long, hash)
  assert.match(identityText(['ü'.repeat(300)])!, hash)
  assert.match(identityText(['a'.repeat(300), 'b'.repeat(300)])!, hash)
  assert.notEqual(identityText([long]), long)
  assert.equal(identityText(['x'.repeat(400)], 300)?.length, 71)
})

test('a row of which a value is missing has none', () => {
  assert.equal(identityText([null]), null)
  assert.equal(identityText([1, unchangedToast]), null)
  assert.equal(identityText([]), null)
})

test('a row is identified by the values of its identity columns, in their order', () => {
  const translation = { schemaId: 's', tableId: 't', versionColumnId: '', columnIds: ['t-1', 't-2', 't-3'] }
  const places = identityPlaces({ ...translation, identityColumnIds: ['t-3', 't-1'] })!
  assert.equal(rowIdentity(['a', 'b', 'c'], places), 'c-a')
  assert.equal(identityPlaces({ ...translation, identityColumnIds: null }), null)
  assert.equal(identityPlaces({ ...translation, identityColumnIds: ['t-9'] }), null)
})
