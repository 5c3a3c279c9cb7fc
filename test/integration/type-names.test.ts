import assert from 'node:assert/strict'
import { test } from 'node:test'
import { builtinTypeName } from '../../src/postgres/builtin-types.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'

/** Modifiers as users declare them; each type is also taken as an array. */
const declared = [
  'bit(1)',
  'bit(64)',
  'bit varying(5)',
  'character(1)',
  'character(255)',
  'character varying(1)',
  'character varying(10485760)',
  'numeric(1,0)',
  'numeric(10,2)',
  'numeric(1000,1000)',
  'numeric(5,-2)',
  'numeric(3,10)',
  'numeric(2,-1000)',
  ...[0, 3, 6].flatMap((precision) =>
    ['time', 'timestamp'].flatMap((type) => [
      `${type}(${precision}) with time zone`,
      `${type}(${precision}) without time zone`,
    ]),
  ),
  ...[0, 3, 6].flatMap((precision) => [
    `interval(${precision})`,
    `interval second(${precision})`,
    `interval day to second(${precision})`,
    `interval hour to second(${precision})`,
    `interval minute to second(${precision})`,
  ]),
  ...[
    'year',
    'month',
    'day',
    'hour',
    'minute',
    'second',
    'year to month',
    'day to hour',
    'day to minute',
  ].map((fields) => `interval ${fields}`),
  ...['day to second', 'hour to minute', 'hour to second', 'minute to second'].map(
    (fields) => `interval ${fields}`,
  ),
]

interface NamedType {
  readonly oid: number
  readonly modifier: number
  readonly name: string
}

for (const { major, url } of postgresServers()) {
  test(`Postgres ${major}: declared types are called as format_type calls them, arrays too`, async () => {
    await using database = await temporaryDatabase(url)
    const columns = declared.flatMap((type, i) => [`c${i} ${type}`, `a${i} ${type}[]`])
    await database.query(`create table declared (${columns.join(', ')})`)
    const types = await database.query<NamedType>(
      `select atttypid::int as oid, atttypmod as modifier, format_type(atttypid, atttypmod) as name
         from pg_attribute where attrelid = 'declared'::regclass and attnum > 0`,
    )
    assert.equal(types.length, declared.length * 2)
    for (const { oid, modifier, name } of types) assert.equal(builtinTypeName(oid, modifier), name)
  })

  test(`Postgres ${major}: every type that comes with the server and that a column can have has its name`, async () => {
    await using database = await temporaryDatabase(url)
    const types = await database.query<NamedType>(
      `select oid::int, -1 as modifier, format_type(oid, -1) as name
         from pg_type where oid < 10000 and typtype <> 'p' and oid <> '_cstring'::regtype order by oid`,
    )
    assert.ok(types.length > 100)
    const wrong = types
      .map(({ oid, modifier, name }) => ({ oid, name, ours: builtinTypeName(oid, modifier) }))
      .filter(({ name, ours }) => name !== ours)
    assert.deepEqual(wrong, [])
  })
}
