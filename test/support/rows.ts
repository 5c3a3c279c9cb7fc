import assert from 'node:assert/strict'
import type { Relation } from '../../src/wal/relation.ts'
import type { Row, unchangedToast, Value } from '../../src/wal/value.ts'
import type { TemporaryDatabase } from './postgres.ts'

/** What the stream promises to print with, whatever a database has set. */
export const streamSettings = `
  set TimeZone = 'UTC'; set DateStyle = 'ISO, MDY'; set IntervalStyle = 'postgres'; set extra_float_digits = 3;
  set bytea_output = 'hex'; set client_encoding = 'UTF8'`

/** What Postgres prints for each column; the word `unchanged` as a symbol where a row of the stream has no value. */
export type Texts = Record<string, string | null | typeof unchangedToast>

/** The rows of a table as Postgres prints them, by its output functions (a cast to text would trim character(n)). */
export async function printedRows(
  database: Pick<TemporaryDatabase, 'query'>,
  table: string,
  order = 'ctid',
): Promise<Texts[]> {
  const [list] = await database.query<{ columns: string | null }>(
    `select string_agg(
              format('case when %1$I is not distinct from null then null else format(''%%s'', %1$I) end as %1$I', attname), ', ' order by attnum
            ) as columns
       from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
    [table],
  )
  return database.query<Record<string, string | null>>(
    `select ${list?.columns ?? ''} from ${table} as t order by t.${order}`,
  )
}

/** Asserts that a row of the stream holds exactly what Postgres printed. Numbers are compared as numbers. */
export function assertRow(relation: Relation, row: Row, printed: Texts): void {
  assert.deepEqual(
    relation.columns.map(({ name }) => name),
    Object.keys(printed),
  )
  assert.equal(row.length, relation.columns.length)
  for (const [i, { name }] of relation.columns.entries()) {
    const text = printed[name]!
    const value = row[i]!
    if (typeof value === 'number' && typeof text === 'string') {
      assert.ok(Object.is(value, Number(text)), `${name}: ${value} is not ${text}`)
    } else assert.equal(textOf(value), text, name)
  }
}

function textOf(value: Value): string | null | typeof unchangedToast {
  switch (typeof value) {
    case 'boolean':
      return value ? 't' : 'f'
    case 'bigint':
    case 'number':
      return String(value)
    case 'string':
    case 'symbol':
      return value
    default:
      return value === null ? null : `\\x${value.toString('hex')}`
  }
}
