import { identifier } from '../workload/values/quoting.ts'
import type { SourceTable } from '../workload/oracle/source-state.ts'

/** The rows with their arrays as JSON of texts. */
export async function withArrays(
  client: { query: (query: { text: string; rowMode: 'array' }) => Promise<{ rows: unknown[] }> },
  table: SourceTable,
): Promise<SourceTable> {
  const isArray = await client.query({
    text: `select a.attname, coalesce(b.typelem, t.typelem) <> 0 and coalesce(b.typlen, t.typlen) = -1
             and coalesce(b.typsubscript, t.typsubscript)::text = 'array_subscript_handler'
             from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = t.typbasetype
            where a.attrelid = ${table.oid} and a.attnum > 0 and not a.attisdropped`,
    rowMode: 'array',
  })
  const arrays = new Set((isArray.rows as [string, boolean][]).flatMap(([name, is]) => (is ? [name] : [])))
  if (arrays.size === 0) return table
  const texts = table.columns.map(({ name }) => {
    const value = identifier(name)
    return arrays.has(name)
      ? `to_json(${value}::text[])::text`
      : `case when ${value} is distinct from null then format('%s', ${value}) end`
  })
  const { rows } = await client.query({
    text: `select ${texts.join(', ')} from only ${identifier(table.schema)}.${identifier(table.name)}`,
    rowMode: 'array',
  })
  return {
    ...table,
    rows: (rows as (string | null)[][]).map((row) =>
      row.map((text, i) =>
        text !== null && arrays.has(table.columns[i]!.name) ? JSON.stringify(JSON.parse(text)) : text,
      ),
    ),
  }
}
