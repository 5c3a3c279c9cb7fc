import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeValue } from '../../../src/postgres/value-decoder.ts'
import { columnType, kindOfType } from '../../../src/search/field-kind.ts'
import { memberBytes } from '../../../src/search/member-bytes.ts'
import { membersWriter } from '../../../src/search/value-json.ts'
import { notWritten } from '../../../src/wal/printed-bytes.ts'
import { asBigint, asBoolean, asBytes, asNumber, asNumeric, asText } from '../../../src/wal/value-kind.ts'
import type { ValueKind } from '../../../src/wal/value-kind.ts'
import type { Value } from '../../../src/wal/value.ts'

const texts = [
  ...[
    '',
    'a',
    'it says "no" \\ yes',
    'line\nline',
    '\u0000',
    'ä€😀',
    '\ud800',
    'x'.repeat(3000),
    'é"'.repeat(600),
  ],
  ...[
    '0',
    '-0',
    '1',
    '-1.50',
    '1.',
    '.5',
    '-',
    '1e5',
    'NaN',
    'Infinity',
    '-Infinity',
    '9'.repeat(300),
    '9'.repeat(301),
  ],
  ...['2026-11-28', '10000-01-01', '0044-03-15 BC', 'infinity', '-infinity', '2026-11-28 12:00:00'],
  ...[
    '2026-11-28 12:00:00.123456+00',
    '2026-11-28 12:00:00+00',
    '2026-11-28 12:00:00.5',
    '2026-11-28 12:00:00+05:30',
  ],
  ...[
    '2026-11-28 12:00:00-07',
    '2026-11-28 12:00:00.+00',
    '2026-11-28 12:00:00+00 BC',
    '99999-11-28 12:00:00+00',
  ],
  ...['{}', '{"a":{"b":[1,2]}}', ' {"a":1}', '{"a":\n1}', '[1]', '"s"', 'null', `{"n":${'1'.repeat(300)}}`],
  ...[
    '{"a":'.repeat(21) + '1' + '}'.repeat(21),
    '{"ä":"€"}',
    '{1,NULL,"a b"}',
    '{{1,2},{3,4}}',
    '[1,5)',
    '{[1,2),[5,6)}',
  ],
  ...['10.0.0.1/8', '::1', '12:00:00+02', '24:00:00', 'empty', '(,)', 't'],
]
const others: Value[] = [
  null,
  true,
  false,
  0,
  -0,
  1.5,
  1e21,
  NaN,
  Infinity,
  -7,
  2 ** 53,
  123n,
  -(2n ** 63n),
  2n ** 60n,
]
const types = [
  ...Object.keys(kindOfType),
  ...[
    'integer[]',
    'text[]',
    'timestamp without time zone[]',
    'numeric[]',
    'jsonb[]',
    'uuid',
    'bytea',
    'box[]',
    'money',
  ],
]

test('the bytes of a member are those of its JSON, for values and types of every kind', () => {
  const out = Buffer.alloc(256 * 1024)
  for (const name of types) {
    for (const objects of [true, false]) {
      const type = columnType(name)
      let kept = 0
      const members = membersWriter({ field: 'f-1', type, objects, onKept: () => kept++ })
      const { write, most } = memberBytes({ field: 'f-1', type, objects, members })
      for (const value of [...texts, ...others]) {
        kept = 0
        const json = `,${members(value, [])}`
        const keptByJson = kept
        kept = 0
        const end = write(out, 7, value)
        assert.equal(out.toString('utf8', 7, end), Buffer.from(json).toString(), `${name} ${String(value)}`)
        assert.equal(kept, keptByJson, `${name} ${String(value)}`)
        const bound = most(typeof value === 'string' ? value.length : 0)
        assert.ok(end - 7 <= bound, `${name} ${String(value)}: ${end - 7} bytes, at most ${bound}`)
      }
    }
  }
})

const kinds: readonly ValueKind[] = [asText, asBoolean, asNumber, asBigint, asBytes, asNumeric]

function valueOf(kind: ValueKind, printed: Buffer): Value | undefined {
  try {
    return decodeValue(kind, printed, 0, printed.length)
  } catch {
    return undefined
  }
}

test('the bytes of what Postgres printed are those of its value', () => {
  const out = Buffer.alloc(256 * 1024)
  const expected = Buffer.alloc(256 * 1024)
  let copied = 0
  for (const name of types) {
    const type = columnType(name)
    const members = membersWriter({ field: 'f-1', type, objects: true, onKept: () => undefined })
    const { write, writePrinted } = memberBytes({ field: 'f-1', type, objects: true, members })
    for (const [text, kind] of texts.flatMap((text) => kinds.map((kind) => [text, kind] as const))) {
      const printed = Buffer.from(text)
      const value = valueOf(kind, printed)
      // Postgres prints the digits that JavaScript does
      if (value === undefined || (typeof value !== 'string' && String(value) !== text)) continue
      const end = writePrinted(out, 7, Buffer.concat([printed, Buffer.from('0')]), 0, printed.length, kind)
      if (end === notWritten) continue
      copied++
      const bytes = expected.subarray(7, write(expected, 7, value))
      assert.equal(out.toString('utf8', 7, end), bytes.toString(), `${name} ${text} as ${kind}`)
    }
  }
  assert.ok(copied > 500, `${copied} were copied`)
})
