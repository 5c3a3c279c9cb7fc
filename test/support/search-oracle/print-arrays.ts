import { identifier } from '../workload/values/quoting.ts'
import type { SourceTable } from '../workload/oracle/source-state.ts'

/** A table whose rows are there as the stream tells them and as documents have them. */
export interface PrintedTable extends SourceTable {
  /** The rows in the same order; of columns that are arrays, `to_json(value::text[])` without blanks. */
  readonly listed: SourceTable['rows']
}

/** Reads the rows of the table once more, in both forms. */
export async function withArrays(
  client: { query: (query: { text: string; rowMode: 'array' }) => Promise<{ rows: unknown[] }> },
  table: SourceTable,
): Promise<PrintedTable> {
  const isArray = await client.query({
    text: `select a.attname, coalesce(b.typelem, t.typelem) <> 0 and coalesce(b.typlen, t.typlen) = -1
             and coalesce(b.typsubscript, t.typsubscript)::text = 'array_subscript_handler'
             from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = t.typbasetype
            where a.attrelid = ${table.oid} and a.attnum > 0 and not a.attisdropped`,
    rowMode: 'array',
  })
  const arrays = new Set((isArray.rows as [string, boolean][]).flatMap(([name, is]) => (is ? [name] : [])))
  if (arrays.size === 0) return { ...table, listed: table.rows }
  const texts = [
    ...table.columns.map(({ name }) => textOf(identifier(name))),
    ...table.columns.flatMap(({ name }) =>
      arrays.has(name) ? [`to_json(${identifier(name)}::text[])::text`] : [],
    ),
  ]
  const answer = await client.query({
    text: `select ${texts.join(', ')} from only ${identifier(table.schema)}.${identifier(table.name)}`,
    rowMode: 'array',
  })
  const read = answer.rows as (string | null)[][]
  const rows = read.map((row) => row.slice(0, table.columns.length))
  const listed = read.map((row) => {
    const lists = row.slice(table.columns.length).values()
    return table.columns.map(({ name }, i) => (arrays.has(name) ? compact(lists.next().value) : row[i]!))
  })
  return { ...table, rows, listed }
}

const textOf = (value: string): string =>
  `case when ${value} is distinct from null then format('%s', ${value}) end`

const compact = (json: string | null | undefined): string | null =>
  typeof json === 'string' ? JSON.stringify(JSON.parse(json)) : null
