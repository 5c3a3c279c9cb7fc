import { compareRows } from './compare-rows.ts'
import type { Limits } from './compare-rows.ts'
import { compareTable } from './compare-table.ts'
import { shown } from './problems.ts'
import type { Rebuilt } from './rebuilt.ts'
import type { SourceState, SourceTable } from './source-state.ts'

/** How what was rebuilt differs from the source. */
export function compareWithSource(rebuilt: Rebuilt, source: SourceState, limits: Limits): string[] {
  const known = new Map(rebuilt.tables.map((table) => [table.oid, table]))
  const problems = [
    ...compareNames('schemas', rebuilt.schemas, source.schemas),
    ...compareNames('entries', rebuilt.entries, source.entries),
    ...compareNames('tables', names(rebuilt.tables), names(source.tables)),
  ]
  for (const table of source.tables) {
    const entry = known.get(table.oid)
    if (!entry) continue
    const rows = [...rebuilt.rowsOf(entry)]
    const differences = [...compareTable(entry, table), ...compareRows(rows, entry.columns, table, limits)]
    problems.push(...differences.map((difference) => `${table.schema}.${table.name}: ${difference}`))
  }
  return problems
}

const names = (tables: readonly Pick<SourceTable, 'oid' | 'schema' | 'name'>[]): string[] =>
  tables.map(({ oid, schema, name }) => `${schema}.${name} (${oid})`)

function compareNames(what: string, said: readonly string[], is: readonly string[]): string[] {
  const missing = is.filter((name) => !said.includes(name))
  const more = said.filter((name) => !is.includes(name))
  return [
    ...(missing.length > 0 ? [`the stream does not tell of the ${what} ${shown(missing)}`] : []),
    ...(more.length > 0 ? [`the stream tells of the ${what} ${shown(more)}, which are not there`] : []),
  ]
}
