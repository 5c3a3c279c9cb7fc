import { cellText, unknown } from './cell.ts'
import type { Cell } from './cell.ts'

/** By the stable id of the column. */
export type StoredRow = Map<string, Cell>

interface RowIndex {
  readonly columns: string
  readonly exact: Map<string, Set<StoredRow>>
  /** Those that might be anything in one of the columns. */
  readonly vague: Set<StoredRow>
}

/** The rows of a table: found by the values of whatever columns identify them, several alike where no key forbids it. */
export class StoredRows {
  readonly #rows = new Set<StoredRow>()
  #index: RowIndex | null = null

  get size(): number {
    return this.#rows.size
  }

  [Symbol.iterator](): Iterator<StoredRow> {
    return this.#rows.values()
  }

  add(row: StoredRow): void {
    this.#rows.add(row)
    if (this.#index) put(this.#index, row)
  }

  remove(row: StoredRow): void {
    this.#rows.delete(row)
    if (!this.#index) return
    this.#index.vague.delete(row)
    const key = keyOf(row, columnsOf(this.#index))
    if (key !== null) this.#index.exact.get(key)?.delete(row)
  }

  clear(): void {
    this.#rows.clear()
    this.#index = null
  }

  /** The columns of all rows changed. */
  rewrite(change: (row: StoredRow) => void): void {
    this.#index = null
    for (const row of this.#rows) change(row)
  }

  /**
   * The row with these values in these columns. Where some are unknown, several can fit: the one of which most is known
   * is then no worse than the right one, because what is unknown of a row is unknown of every older one.
   */
  find(columns: readonly string[], wanted: StoredRow): StoredRow | undefined {
    const index = this.#indexOf(columns)
    const key = keyOf(wanted, columns)
    const exact = key === null ? undefined : index.exact.get(key)
    if (exact && exact.size > 0) return exact.values().next().value
    const fitting = [...index.vague].filter((row) => columns.every((id) => fits(row.get(id), wanted.get(id))))
    return fitting.toSorted((a, b) => countUnknown(a) - countUnknown(b))[0]
  }

  /** Whether a row is there of which nothing in these columns is unknown. */
  has(columns: readonly string[], wanted: StoredRow): boolean {
    const key = keyOf(wanted, columns)
    return key !== null && (this.#indexOf(columns).exact.get(key)?.size ?? 0) > 0
  }

  #indexOf(columns: readonly string[]): RowIndex {
    const name = columns.join(' ')
    if (this.#index?.columns === name) return this.#index
    const index: RowIndex = { columns: name, exact: new Map(), vague: new Set() }
    for (const row of this.#rows) put(index, row)
    this.#index = index
    return index
  }
}

const columnsOf = ({ columns }: RowIndex): readonly string[] => (columns === '' ? [] : columns.split(' '))

function put(index: RowIndex, row: StoredRow): void {
  const key = keyOf(row, columnsOf(index))
  if (key === null) {
    index.vague.add(row)
    return
  }
  const alike = index.exact.get(key)
  if (alike) alike.add(row)
  else index.exact.set(key, new Set([row]))
}

/** Null when one of the values is unknown. No text of Postgres has the byte that joins them. */
function keyOf(row: StoredRow, columns: readonly string[]): string | null {
  const texts: string[] = []
  for (const id of columns) {
    const cell = row.get(id) ?? null
    if (cell === unknown) return null
    texts.push(cell === null ? '\0' : cellText(cell)!)
  }
  return texts.join('\0')
}

export const countUnknown = (row: StoredRow): number =>
  [...row.values()].filter((cell) => cell === unknown).length

const fits = (cell: Cell = null, wanted: Cell = null): boolean =>
  cell === unknown || wanted === unknown || cellText(cell) === cellText(wanted)
