import type { Lsn } from '../../wal/lsn.ts'
import { noLsn } from '../../wal/lsn.ts'
import type { Row } from '../../wal/value.ts'
import { rowNameOf, valueText } from './row-name.ts'

export interface Hole {
  readonly name: string
  readonly key: readonly string[]
  /** Of the commit that made it. */
  readonly since: Lsn
  /** Where the row was handed on as a whole; null as long as it was not. */
  filledAt: Lsn | null
  /** It is in what is being written, or was. */
  isTaken: boolean
  isWritten: boolean
}

const bytesPerHole = 200
const mostBytes = 8 * 1024 * 1024

/**
 * Rows that the destination may lack a large value of: an update left it out, and who got only that cannot know it. They
 * are read again, by their keys, until they were handed on as a whole.
 */
export class HoleList {
  readonly #holes = new Map<string, Hole>()
  #bytes = 0

  constructor(stored: readonly (readonly string[])[]) {
    for (const key of stored) {
      const name = rowNameOf(key)
      this.#holes.set(name, { name, key, since: noLsn, filledAt: null, isTaken: true, isWritten: true })
    }
  }

  get isEmpty(): boolean {
    return this.#holes.size === 0
  }

  get hasWaiting(): boolean {
    for (const { filledAt } of this.#holes.values()) if (filledAt === null) return true
    return false
  }

  /** Those that are to be read. */
  get waiting(): readonly Hole[] {
    return [...this.#holes.values()].filter(({ filledAt }) => filledAt === null)
  }

  /** False when there are too many to be remembered. */
  add(name: string, values: Row, columns: readonly number[], since: Lsn): boolean {
    const key = columns.map((column) => valueText(values[column]!) ?? '')
    const before = this.#holes.get(name)
    if (!before) this.#bytes += 2 * (name.length + key.join('').length) + bytesPerHole
    const isWritten = before?.isWritten ?? false
    this.#holes.set(name, { name, key, since, filledAt: null, isTaken: isWritten, isWritten })
    return this.#bytes <= mostBytes
  }

  /** Handed on, or found to be gone, at this place of the stream. */
  filled(name: string, at: Lsn): void {
    const hole = this.#holes.get(name)
    if (hole) hole.filledAt = at
  }

  clear(): void {
    this.#holes.clear()
    this.#bytes = 0
  }

  /** Forgets what was filled before `lsn`; true if there was something. */
  durable(lsn: Lsn): boolean {
    let isNew = false
    for (const [name, { key, filledAt }] of this.#holes) {
      if (filledAt === null || filledAt > lsn) continue
      this.#holes.delete(name)
      this.#bytes -= 2 * (name.length + key.join('').length) + bytesPerHole
      isNew = true
    }
    return isNew
  }

  hasUnwritten(lsn: Lsn): boolean {
    for (const { since, isWritten } of this.#holes.values()) if (!isWritten && since <= lsn) return true
    return false
  }

  hasUntaken(lsn: Lsn): boolean {
    for (const { since, isTaken } of this.#holes.values()) if (!isTaken && since <= lsn) return true
    return false
  }

  /** All of them, to be written; then `wereWritten` is to be told. */
  take(): readonly Hole[] {
    const all = [...this.#holes.values()]
    for (const hole of all) hole.isTaken = true
    return all
  }

  /** One that was found again meanwhile is another one. */
  wereWritten(holes: readonly Hole[]): void {
    for (const hole of holes) hole.isWritten = true
  }
}
