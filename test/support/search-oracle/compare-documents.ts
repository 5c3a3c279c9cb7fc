import { defaultIdentity } from '../../../src/translator/identity.ts'
import type { ColumnSchema } from '../../../src/wal/schema-log.ts'
import type { Limits } from '../workload/oracle/compare-rows.ts'
import type { KnownTable } from '../workload/oracle/known-table.ts'
import { isSent } from '../workload/oracle/known-table.ts'
import { unknown } from '../workload/oracle/cell.ts'
import type { StoredRow, StoredRows } from '../workload/oracle/stored-rows.ts'
import { documentText } from './document-text.ts'
import type { DocumentMembers } from './document-text.ts'
import type { PrintedTable } from './print-arrays.ts'

export interface TableEvidence {
  readonly source: PrintedTable
  /** What the stream said of it. */
  readonly known: KnownTable
  /** Rows are taken out of it. */
  readonly told: StoredRows
  readonly documents: readonly DocumentMembers[]
  /** Of the plugin. */
  readonly limits: Limits
}

/**
 * What is wrong with the documents of a table whose rows have always had something that identifies them. Nothing is
 * demanded of values that were rewritten without WAL: those of which the stream told a row and then a command that
 * rewrote it. A row that the stream did not tell of is demanded whole.
 */
export function compareDocuments({ source, known, told, documents, limits }: TableEvidence): string[] {
  const identity = defaultIdentity(known)
  if (identity === null) return []
  const columns = new Map(known.columns.map((column) => [column.name, column]))
  const described = source.columns.map(({ name }) => columns.get(name)!)
  const places = identity.map((name) => source.columns.findIndex((column) => column.name === name))
  const ids = identity.map((name) => columns.get(name)!.pgstream_id)
  const name = `${source.schema}.${source.name}`
  const problems: string[] = []

  const left = new Map<string, DocumentMembers>()
  for (const document of documents) {
    const key = places.map((at) => textOf(document, described[at]!)).join('\0')
    if (left.has(key)) problems.push(`${name} has two documents for the key ${JSON.stringify(key)}`)
    left.set(key, document)
  }
  const rows = source.rows.map((row, n) => {
    const texts = source.listed[n]!.map((text, at) => expected(described[at]!, text, limits))
    const wanted: StoredRow = new Map(
      places.map((at, i) => [ids[i]!, toldText(described[at]!, row[at]!, limits)]),
    )
    return { texts, wanted, key: places.map((at) => texts[at]).join('\0') }
  })
  const isTold = ({ wanted }: (typeof rows)[number]): boolean => told.has(ids, wanted)
  const rewritten: StoredRow[] = []
  // a row whose key was rewritten may pass for any other
  for (const { texts, wanted, key } of [...rows.filter(isTold), ...rows.filter((row) => !isTold(row))]) {
    const said = told.find(ids, wanted)
    // each excuses one row, and one document
    if (said) told.remove(said)
    if (said && ids.some((id) => said.get(id) === unknown)) {
      rewritten.push(said)
      continue
    }
    const document = left.get(key)
    left.delete(key)
    if (!document) {
      problems.push(`${name} has no document for the row with the key ${JSON.stringify(key)}`)
      continue
    }
    for (const [at, column] of described.entries()) {
      if (!isSent(column, limits.generated) || said?.get(column.pgstream_id) === unknown) continue
      const text = textOf(document, column)
      if (text !== texts[at]) {
        problems.push(
          `${name}.${column.name} (${column.type}) of the row ${JSON.stringify(key)} is ${short(text)} in its document, and ${short(texts[at])} in the table`,
        )
      }
    }
  }
  if (left.size !== rewritten.length) {
    const [key] = left.keys()
    problems.push(
      `${name} has ${left.size} documents more than rows, the first with the key ${JSON.stringify(key)}, and ${rewritten.length} rows whose keys were rewritten`,
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

/** As the stream tells it: but for the notation of bytes, that is what a document has. */
const toldText = (column: ColumnSchema, text: string | null, limits: Limits): string | null =>
  column.base_type === 'bytea' ? text : expected(column, text, limits)
