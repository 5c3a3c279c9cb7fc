import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import type { InsertEvent } from '../../src/wal/event.ts'
import type { OutputPlugin } from '../../src/wal/plugin-message.ts'
import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { everyType } from '../support/every-type.ts'
import { postgresSources } from '../support/postgres.ts'
import { printedRows, streamSettings } from '../support/rows.ts'
import { openSession } from '../support/session.ts'
import { openSource } from '../support/source.ts'
import { typeRowOf, typeRows } from '../support/type-rows.ts'
import type { Arrival } from '../support/type-rows.ts'
import { createUserTypes, extensionTypes, userTypes } from '../support/user-types.ts'

const isFinite = (text: string): boolean => !/^NaN$|Infinity$/.test(text)

/** Whether the value is what Postgres printed, told from that text alone. */
function assertArrives(arrival: Arrival, value: unknown, text: string): void {
  switch (arrival) {
    case 'boolean':
      return assert.equal(value, text === 't')
    case 'number':
      return assert.ok(Object.is(value, Number(text)), `${String(value)} is not ${text}`)
    case 'bigint':
      return assert.equal(value, BigInt(text))
    case 'bytes':
      return assert.deepEqual(value, Buffer.from(text.slice(2), 'hex'))
    case 'numeric':
    case 'text':
      return assert.equal(value, text)
  }
}

/** The same of the value in the JSON, as it is written there. */
function assertWritten(arrival: Arrival, json: string, text: string): void {
  if (arrival === 'number' && isFinite(text)) {
    assert.match(json, /^-?\d+(\.\d+)?(e[+-]?\d+)?$/)
    return assert.ok(Object.is(Number(json), Number(text)), `${json} is not ${text}`)
  }
  const expected: Record<Arrival, string> = {
    boolean: String(text === 't'),
    number: JSON.stringify(text),
    bigint: text,
    numeric: isFinite(text) ? text : JSON.stringify(text),
    bytes: JSON.stringify(text.slice(2)),
    text: JSON.stringify(text),
  }
  assert.equal(json, expected[arrival])
}

/** What stands behind the second column's name and type, in the JSON of a row of two columns. */
function jsonOfValue(event: InsertEvent, type: string): string {
  const json = encodeWireJson(event)
  const before = `{"id":"","name":"value","type":${JSON.stringify(type)},"value":`
  const from = json.indexOf(before) + before.length
  assert.ok(from >= before.length, json)
  return json.slice(from, json.indexOf('}],"identity":null', from))
}

/** What wal2json has no words for, and tells as null. */
const isUnsaid = (plugin: OutputPlugin, arrival: Arrival, text: string): boolean =>
  plugin === 'wal2json' && (arrival === 'number' || arrival === 'numeric') && !isFinite(text)

for (const source of postgresSources()) {
  test(`${source.label}: every type arrives as README.md says, with the value that Postgres prints`, async (t) => {
    await using opened = await openSource(source)
    await using session = await openSession(opened.database.url)
    await session.query(streamSettings)
    await session.query(createUserTypes)
    const available = await session.query<{ name: string }>(
      `select 'public.' || extname as name from pg_extension where extname in ('hstore', 'citext')`,
    )
    const types: Record<string, readonly string[]> = { ...everyType, ...userTypes }
    for (const { name } of available) types[name] = extensionTypes[name]!
    for (const { examples } of typeRows) {
      for (const { type, value } of examples) types[type] = [...types[type]!, value]
    }
    const tables = Object.entries(types).map(([type, values], i) => ({ table: `type_${i}`, type, values }))

    const seen = await opened.changesOf(async () => {
      for (const { table, type, values } of tables) {
        const rows = [...values.map((value) => pg.escapeLiteral(value)), 'null'].map(
          (value, key) => `(${key}, ${value}::${type})`,
        )
        await session.query(`create table ${table} (key int primary key, value ${type})`)
        await session.query(`insert into ${table} values ${rows.join(', ')}`)
      }
    })
    const inserts = seen.filter((event) => event.kind === 'insert')

    for (const { table, type, values } of tables) {
      await t.test(type, async () => {
        const { arrival, examples } = typeRowOf(type)
        const printed = await printedRows(session, table, 'key')
        const events = inserts.filter((event) => event.relation.table === table)
        assert.equal(events.length, values.length + 1)
        assert.equal(new Set(events.map(({ relation }) => relation)).size, 1)
        for (const [i, event] of events.entries()) {
          const text = printed[i]!['value'] as string | null
          const value = event.values[1]
          const json = jsonOfValue(event, type)
          assert.equal(event.relation.columns[1]!.type, type)
          if (text === null || isUnsaid(source.plugin, arrival, text)) {
            assert.deepEqual([value, json], [null, 'null'])
          } else {
            assertArrives(arrival, value, text)
            assertWritten(arrival, json, text)
          }
          const example = examples.find((each) => each.type === type && each.value === values[i])
          if (example) assert.equal(json, (source.plugin === 'wal2json' && example.wal2json) || example.json)
        }
      })
    }
  })
}

test('every line of the table of types has examples of types that belong to it', () => {
  for (const row of typeRows) {
    assert.ok(row.examples.length > 0)
    for (const { type } of row.examples) assert.equal(typeRowOf(type), row, type)
    const known = [...Object.keys(everyType), ...Object.keys(userTypes), ...Object.keys(extensionTypes)]
    assert.ok(known.some((type) => typeRowOf(type) === row))
  }
})
