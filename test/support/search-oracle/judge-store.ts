import { aliasOfSchema, fieldOfColumn } from '../../../src/search/names.ts'
import { defaultIdentity } from '../../../src/translator/identity.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import type { Limits } from '../workload/oracle/compare-rows.ts'
import type { KnownTable } from '../workload/oracle/known-table.ts'
import { Rebuilt } from '../workload/oracle/rebuilt.ts'
import { compareDocuments } from './compare-documents.ts'
import type { PrintedTable } from './print-arrays.ts'
import type { StoreState } from './read-store.ts'

export interface StoreEvidence {
  /** What SELECT says. */
  readonly tables: readonly PrintedTable[]
  /** The stream since the database was empty. */
  readonly events: readonly WalEvent[]
  readonly store: StoreState
  readonly prefix: string
  readonly limits: Limits
}

export interface Verdict {
  readonly problems: readonly string[]
  readonly tables: number
  readonly rows: number
  /** Tables whose rows could not always be told apart. */
  readonly leftOut: number
}

/** Whether a store has just what the tables have: documents, and names that lead to their columns. */
export function judgeStore({ tables, events, store, prefix, limits }: StoreEvidence): Verdict {
  const rebuilt = new Rebuilt(limits)
  const keyless = new Set<string>()
  for (const event of events) {
    rebuilt.take(event)
    if (!('relation' in event) || event.kind === 'schema-change' || event.kind === 'truncate') continue
    const { schema, table } = event.relation
    const known = rebuilt.tables.find((each) => each.schema === schema && each.name === table)
    if (known && defaultIdentity(known) === null) keyless.add(known.pgstream_id)
  }
  const problems: string[] = []
  const compared = { tables: 0, rows: 0, leftOut: 0 }
  const known = new Map(rebuilt.tables.map((table) => [table.oid, table]))
  for (const source of tables) {
    const described = known.get(source.oid)
    if (!described) continue
    const alias = prefix + aliasOfSchema(source.schema)
    problems.push(...compareNames(described, alias, store))
    if (source.partitioned) continue
    if (keyless.has(described.pgstream_id)) {
      compared.leftOut++
      continue
    }
    compared.tables++
    compared.rows += source.rows.length
    const found = store.documents.get(described.pgstream_id) ?? []
    const elsewhere = found.filter(({ aliases }) => !aliases.includes(alias))
    if (elsewhere.length > 0)
      problems.push(`${source.schema}.${source.name} has ${elsewhere.length} documents outside of ${alias}`)
    problems.push(
      ...compareDocuments({
        source,
        known: described,
        told: rebuilt.rowsOf(described),
        documents: found.map(({ members }) => members),
        limits,
      }),
    )
  }
  const there = new Set(rebuilt.tables.map(({ pgstream_id: id }) => id))
  const gone = [...store.documents].filter(([id]) => !there.has(id))
  if (gone.length > 0)
    problems.push(
      `there are documents of ${gone.length} tables that are gone, ${gone[0]![1].length} of the first`,
    )
  return { problems, ...compared }
}

function compareNames(
  { name: table, schema, columns }: KnownTable,
  alias: string,
  { names }: StoreState,
): string[] {
  const known = names.get(alias)
  if (!known) return [`there is no index behind ${alias}`]
  return columns.flatMap(({ name, pgstream_id: id }) => {
    const field = known.get(fieldOfColumn(table, name))
    const isRight = field === id || field?.startsWith(`${id}-`)
    return isRight
      ? []
      : [`${schema}.${table}.${name} leads to the field ${field ?? '(none)'}, and not to ${id}`]
  })
}
