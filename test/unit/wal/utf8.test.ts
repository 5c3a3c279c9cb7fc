import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../../src/wal/utf8.ts'

test('every text becomes its UTF-8, and stays what it was when others follow', () => {
  const texts = Array.from({ length: 5_000 }, (_, i) =>
    ['', 'plain', 'ü', '€uro', '\u{1f418}', '"\\\n\0'].join(String(i)).repeat(i % 90),
  )
  const made = texts.map(utf8)
  for (const [i, bytes] of made.entries()) assert.ok(bytes.equals(Buffer.from(texts[i]!)))
})

test('lone surrogates become the replacement character, as everywhere', () => {
  assert.deepEqual(utf8('a\ud800b'), Buffer.from('a\ufffdb'))
})
