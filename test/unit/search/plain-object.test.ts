import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isPlainObject, isPlainObjectAt } from '../../../src/search/value-json.ts'
import { randomFrom } from '../../support/workload/random.ts'

const said = (text: string): boolean | null => {
  const bytes = Buffer.from(`x${text}}`)
  return isPlainObjectAt(bytes, 1, bytes.length - 1)
}

test('bytes and text are judged alike, or by the text', () => {
  const pieces = [...'{}[]":,\n\r\t 0123456789ab\\é😀\ufeff', '1234567890'.repeat(20), '{"a":'.repeat(30)]
  const random = randomFrom(11)
  let judged = 0
  for (let round = 0; round < 20_000; round++) {
    const text = `${random.pick(['{', '{', '', ' {', '\u2003{', '[', '\ufeff{'])}${Array.from({ length: random.int(30) }, () => random.pick(pieces)).join('')}`
    const verdict = said(text)
    if (verdict === null) continue
    judged++
    assert.equal(verdict, isPlainObject(text), JSON.stringify(text))
  }
  assert.ok(judged > 10_000)
})

test('what is long is judged by the text', () => {
  assert.equal(said(`{"a":"${'x'.repeat(2 ** 20)}"}`), null)
})
