import assert from 'node:assert/strict'
import { test } from 'node:test'
import { elementsOf, joinMembers, membersOf } from '../../../src/search/json-members.ts'

test('members come as they are written', () => {
  const json = '{ "a" : 12345678901234567890.10, "b\\"c": "}],{\\"", "d": {"e": [1, {"f": "]"}]}, "g": null }'
  const members = membersOf(json)
  assert.deepEqual(
    [...members],
    [
      ['a', '12345678901234567890.10'],
      ['b"c', '"}],{\\""'],
      ['d', '{"e": [1, {"f": "]"}]}'],
      ['g', 'null'],
    ],
  )
  assert.deepEqual(JSON.parse(joinMembers(members)), JSON.parse(json))
})

test('so do elements', () => {
  assert.deepEqual(elementsOf('[1, "a,b", [2,3], {"c":[]} ]'), ['1', '"a,b"', '[2,3]', '{"c":[]}'])
  assert.deepEqual(elementsOf('[]'), [])
})

test('what is no object has no members', () => {
  assert.equal(membersOf('').size, 0)
  assert.equal(membersOf('[1]').size, 0)
  assert.equal(membersOf('{}').size, 0)
})
