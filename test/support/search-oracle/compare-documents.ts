import { defaultIdentity } from '../../../src/translator/identity.ts'
import type { ColumnSchema } from '../../../src/wal/schema-log.ts'
import type { Limits } from '../workload/oracle/compare-rows.ts'
import type { KnownTable } from '../workload/oracle/known-table.ts'
import { isSent } from '../workload/oracle/known-table.ts'
import { unknown } from '../workload/oracle/cell.ts'
import type { StoredRow, StoredRows } from '../workload/oracle/stored-rows.ts'
import type { SourceTable } from '../workload/oracle/source-state.ts'
import { documentText } from './document-text.ts'
import type { DocumentMembers } from './document-text.ts'

export interface TableEvidence {
  /** What SELECT says; of columns that are arrays, `to_json(value::text[])`. */
  readonly source: SourceTable
  /** What the stream said of it. */
  readonly known: KnownTable
  readonly told: StoredRows
  readonly documents: readonly DocumentMembers[]
  /** Of the plugin. */
  readonly limits: Limits
}

/** What is wrong with the documents of a table whose rows have always had something that identifies them. */
export function compareDocuments({ source, known, told, documents, limits }: TableEvidence): string[] {
  const identity = defaultIdentity(known)
  if (identity === null) return []
  const columns = new Map(known.columns.map((column) => [column.name, column]))
  const identityIds = identity.map((name) => columns.get(name)!.pgstream_id)
  const name = `${source.schema}.${source.name}`
  const problems: string[] = []
  const left = new Map<string, DocumentMembers>()
  for (const document of documents) {
    const key = identity.map((column) => textOf(document, columns.get(column)!)).join('\0')
    if (left.has(key)) problems.push(`${name} has two documents for the key ${JSON.stringify(key)}`)
    left.set(key, document)
  }
  let untold = 0
  for (const row of source.rows) {
    const at = (column: string): string | null =>
      expected(
        columns.get(column)!,
        row[source.columns.findIndex((each) => each.name === column)] ?? null,
        limits,
      )
    const key = identity.map((column) => at(column)).join('\0')
    const wanted: StoredRow = new Map(identity.map((column, i) => [identityIds[i]!, at(column)]))
    const said = told.find(identityIds, wanted)
    if (!said || identityIds.some((id) => said.get(id) === unknown)) {
      // the values of the key are not in the WAL
      untold++
      left.delete(key)
      continue
    }
    const document = left.get(key)
    left.delete(key)
    if (!document) {
      problems.push(`${name} has no document for the row with the key ${JSON.stringify(key)}`)
      continue
    }
    for (const { name: column } of source.columns) {
      const described = columns.get(column)!
      if (!isSent(described, limits.generated) || said.get(described.pgstream_id) === unknown) continue
      const text = textOf(document, described)
      if (text !== at(column)) {
        problems.push(
          `${name}.${column} (${described.type}) of the row ${JSON.stringify(key)} is ${short(text)} in its document, and ${short(at(column))} in the table`,
        )
      }
    }
  }
  if (left.size > untold) {
    const [key] = left.keys()
    problems.push(
      `${name} has ${left.size} documents more than rows, the first with the key ${JSON.stringify(key)}`,
    )
  }
  return problems
}

const short = (text: string | null | undefined): string =>
  text === undefined ? 'missing' : JSON.stringify(text)?.slice(0, 200)

/** A column that was added and never written since is null. */
const textOf = (document: DocumentMembers, column: ColumnSchema): string | null => {
  const text = documentText(document, column.pgstream_id, { type: column.type, baseType: column.base_type })
  return text ?? null
}

const numbers = /^(real|double precision|numeric.*)$/
const isNaNOrInfinity = /^-?(NaN|Infinity)$/

function expected(
  { type, base_type: base }: ColumnSchema,
  text: string | null,
  { nanIsNull = false }: Limits,
): string | null {
  if (text === null || (nanIsNull && numbers.test(type) && isNaNOrInfinity.test(text))) return null
  if (base === 'real' || base === 'double precision')
    return Object.is(Number(text), -0) ? '-0' : String(Number(text))
  if (base === 'bytea') return text.slice(2)
  return text
}
