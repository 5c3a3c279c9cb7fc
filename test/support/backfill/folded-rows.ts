import { createHash } from 'node:crypto'
import type { TemporaryDatabase } from '../postgres.ts'
import { keyOf, quoted, tableNames, toldKey } from './tables-to-fill.ts'

interface Line {
  readonly action: 'I' | 'U' | 'D' | 'T' | 'M'
  readonly schema: string
  readonly table: string
  readonly columns: readonly { name: string; value: unknown }[] | null
  readonly identity: readonly { name: string; value: unknown }[] | null
  readonly snapshot?: true
  readonly commit_lsn: string
  readonly ordinal: number
}

/** The values of a row beside its key; of the body, a digest. */
export interface FoldedRow {
  readonly n: string
  readonly body: string
}

export const digest = (text: string): string => createHash('md5').update(text).digest('hex')

/**
 * The last state of each row, as lines of wire JSON tell it in their order. A body that was left out stays as it was, and a
 * change that comes again changes nothing: it may lack the body of a row that was moved, which was with the old key.
 */
export class FoldedRows {
  readonly #tables = new Map(tableNames.map((name) => [name, new Map<string, FoldedRow>()]))
  /** Of the stream, in its order: what comes again is known by its place. */
  readonly #seen = new Set<string>()
  snapshots = 0

  take(text: string): void {
    const line = JSON.parse(text) as Line
    const rows = line.schema === 'public' ? this.#tables.get(line.table) : undefined
    if (!rows) return
    if (line.snapshot) this.snapshots++
    else if (this.#isKnown(line)) return
    if (line.action === 'T') rows.clear()
    const nameIn = (columns: Line['columns']): string | null => {
      const values = keyOf(line.table).map((name) => columns?.find((column) => column.name === name)?.value)
      return values.includes(undefined) ? null : values.join('|')
    }
    const before = nameIn(line.identity)
    const known = before === null ? undefined : rows.get(before)
    if (before !== null) rows.delete(before)
    const name = nameIn(line.columns)
    if (name === null) return
    const value = (column: string): unknown => line.columns!.find((each) => each.name === column)?.value
    const body = value('body')
    rows.set(name, {
      n: String(value('n')),
      body: typeof body === 'string' ? digest(body) : (known?.body ?? 'never told'),
    })
  }

  #isKnown({ commit_lsn: commitLsn, ordinal }: Line): boolean {
    const place = `${commitLsn} ${ordinal}`
    if (this.#seen.has(place)) return true
    this.#seen.add(place)
    return false
  }

  async differences(database: TemporaryDatabase, tables: readonly string[] = tableNames): Promise<string[]> {
    const problems: string[] = []
    for (const table of tables)
      problems.push(...(await differences(database, table, this.#tables.get(table)!)))
    return problems
  }
}

/** How rows, by what is told of their keys, differ from those of a table. */
export async function differences(
  database: TemporaryDatabase,
  table: string,
  rows: ReadonlyMap<string, FoldedRow>,
): Promise<string[]> {
  const problems: string[] = []
  const there = await database.query<{ name: string; n: string; body: string }>(
    `select ${toldKey(table)} as name, n::text, md5(body) as body from ${quoted(table)}`,
  )
  if (there.length !== rows.size) problems.push(`${table} has ${there.length} rows, not ${rows.size}`)
  const wrong = there.filter(({ name, n, body }) => {
    const row = rows.get(name)
    return row?.n !== n || row.body !== body
  })
  if (wrong.length === 0) return problems
  const { name, n, body } = wrong[0]!
  const row = rows.get(name)
  const told = row ? `${row.n} with ${row.body}` : 'nothing'
  problems.push(
    `${wrong.length} rows of ${table} differ: ${name} is ${n} with ${body}, and was told as ${told}`,
  )
  return problems
}
