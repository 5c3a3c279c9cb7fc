import type { TwinTables } from './apply-leniently.ts'
import { compareRows } from './compare-rows.ts'
import type { Limits } from './compare-rows.ts'
import { compareTable } from './compare-table.ts'
import { shown } from './problems.ts'
import type { Rebuilt } from './rebuilt.ts'
import type { SourceState, SourceTable } from './source-state.ts'
import { countUnknown } from './stored-rows.ts'

/** How what was rebuilt differs from the source. */
export function compareWithSource(
  rebuilt: Rebuilt,
  source: SourceState,
  limits: Limits,
  twins?: TwinTables,
): string[] {
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
    const expected = twins && isBag(table) ? { ...table, rows: distinct(table.rows) } : table
    const differences = compareTable(entry, table)
    const rowDifferences = compareRows(rows, entry.columns, expected, limits)
    if (!twins) differences.push(...rowDifferences)
    else if (!twins.has(entry.pgstream_id)) {
      // a row of which something is unknown is there once more when the backfill brings it
      const isVague = isBag(table) && rows.some((row) => countUnknown(row) > 0)
      differences.push(...rowDifferences.filter((text) => !isVague || text.startsWith('the stream lacks')))
    }
    problems.push(...differences.map((difference) => `${table.schema}.${table.name}: ${difference}`))
  }
  return problems
}

/** Nothing but the whole row tells one from another. */
const isBag = ({ replicaIdentity, primaryKey }: SourceTable): boolean =>
  replicaIdentity === 'full' ||
  replicaIdentity === 'nothing' ||
  (replicaIdentity === 'default' && !primaryKey)

const distinct = (rows: SourceTable['rows']): SourceTable['rows'] => [
  ...new Map(rows.map((row) => [JSON.stringify(row), row])).values(),
]

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
