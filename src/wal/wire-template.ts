import { BytePiece, viewAround } from './byte-piece.ts'
import { endOfSlot, integer, kindOfType, notThere, plain } from './wire-slots.ts'
import type { SlotKind } from './wire-slots.ts'

/** A place that differs from row to row, between two pieces that do not. */
interface Slot {
  readonly kind: SlotKind
  readonly start: number
  readonly end: number
}

/** Which slot holds what; -1 for what is not there. */
export interface SlotsOf {
  timestamp: number
  lsn: number
  commit_lsn: number
  ordinal: number
  xid: number
  /** The first of the columns, and their count. */
  columns: number
  columnCount: number
  identity: number
  identityCount: number
}

const members = new Set(['timestamp', 'lsn', 'commit_lsn', 'ordinal', 'xid', 'columns', 'identity'])
const [quote, backslash, comma, colon, openObject, closeObject, openList, closeList] = [
  ...Buffer.from('"\\,:{}[]'),
] as [number, number, number, number, number, number, number, number]

/**
 * What the messages of one kind of change of one shape have in common: all but the values, the place in the WAL and the time.
 * A message that is compared with it, and fits, need not be parsed.
 */
export class WireTemplate {
  readonly kinds: readonly SlotKind[]
  readonly at: SlotsOf
  /** Before each slot, and one behind the last. */
  readonly #pieces: readonly BytePiece[]
  readonly size: number

  constructor(bytes: Buffer, slots: readonly Slot[], at: SlotsOf) {
    this.at = at
    this.kinds = slots.map(({ kind }) => kind)
    const piece = (start: number, end: number): BytePiece => new BytePiece(bytes.subarray(start, end))
    this.#pieces = [
      ...slots.map(({ start }, i) => piece(slots[i - 1]?.end ?? 0, start)),
      piece(slots.at(-1)?.end ?? 0, bytes.length),
    ]
    this.size = this.#pieces.reduce((sum, { length }) => sum + length, 0)
  }

  /** Whether a message is one of them; then `places` has the start and the end of each slot. */
  fits(bytes: Buffer, places: Int32Array): boolean {
    const { kinds } = this
    const pieces = this.#pieces
    const around = viewAround(bytes)
    const start = bytes.byteOffset
    const end = start + bytes.length
    let at = 0
    for (let i = 0; i < kinds.length; i++) {
      const piece = pieces[i]!
      if (!piece.isAt(around, start + at, end)) return false
      at += piece.length
      places[2 * i] = at
      at = endOfSlot(kinds[i]!, bytes, at)
      if (at === notThere) return false
      places[2 * i + 1] = at
    }
    const last = pieces[kinds.length]!
    return start + at + last.length === end && last.isAt(around, start + at, end)
  }
}

/**
 * The template of a message that is known to be wire JSON. Null where it is written otherwise than pgstream does it: with
 * spaces, twice the same member, values before their types.
 */
export function templateOf(bytes: Buffer): WireTemplate | null {
  const scan = new Scan(bytes)
  return scan.message() ? new WireTemplate(bytes, scan.slots, scan.at) : null
}

class Scan {
  readonly slots: Slot[] = []
  readonly at: SlotsOf = {
    ...{ timestamp: -1, lsn: -1, commit_lsn: -1, ordinal: -1, xid: -1 },
    ...{ columns: -1, columnCount: 0, identity: -1, identityCount: 0 },
  }
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  message(): boolean {
    const seen = new Set<string>()
    const isWhole = this.#object((name) => {
      if (!members.has(name)) return this.#skip()
      if (seen.has(name)) return false
      seen.add(name)
      if (name === 'columns' || name === 'identity') return this.#columns(name)
      const isText = name !== 'ordinal' && name !== 'xid'
      this.at[name as 'lsn'] = this.slots.length
      return this.#slot(isText ? plain : integer)
    })
    return isWhole && this.#at === this.#bytes.length
  }

  #columns(name: 'columns' | 'identity'): boolean {
    if (this.#bytes[this.#at] !== openList) return this.#skip()
    this.at[name] = this.slots.length
    const isWhole = this.#list(() => {
      let type: string | null = null
      let isThere = false
      const isColumn = this.#object((member) => {
        if (member === 'type' && type === null) {
          const start = this.#at
          if (this.#bytes[start] !== quote || !this.#skip()) return false
          type = JSON.parse(this.#bytes.toString('utf8', start, this.#at)) as string
          return true
        }
        if (member !== 'value') return member !== 'type' && this.#skip()
        if (type === null || isThere) return false
        isThere = true
        return this.#slot(kindOfType(type))
      })
      return isColumn && isThere
    })
    this.at[`${name === 'columns' ? 'column' : 'identity'}Count`] = this.slots.length - this.at[name]
    return isWhole
  }

  #slot(kind: SlotKind): boolean {
    if (kind === plain && this.#bytes[this.#at++] !== quote) return false
    const start = this.#at
    const end = endOfSlot(kind, this.#bytes, start)
    if (end === notThere) return false
    this.slots.push({ kind, start, end })
    this.#at = kind === plain ? end + 1 : end
    return true
  }

  /** `member` reads the value. */
  #object(member: (name: string) => boolean): boolean {
    return this.#list(() => {
      const start = this.#at
      if (this.#bytes[start] !== quote || !this.#skip()) return false
      const name = JSON.parse(this.#bytes.toString('utf8', start, this.#at)) as string
      return this.#bytes[this.#at++] === colon && member(name)
    }, [openObject, closeObject])
  }

  #list(element: () => boolean, [open, close] = [openList, closeList]): boolean {
    if (this.#bytes[this.#at++] !== open) return false
    if (this.#bytes[this.#at] === close) return (this.#at++, true)
    for (;;) {
      if (!element()) return false
      const next = this.#bytes[this.#at++]
      if (next === close) return true
      if (next !== comma) return false
    }
  }

  /** A value that is the same in all of them. */
  #skip(): boolean {
    const first = this.#bytes[this.#at]
    if (first === openObject) return this.#object(() => this.#skip())
    if (first === openList) return this.#list(() => this.#skip())
    const start = this.#at
    if (first === quote) {
      for (this.#at++; this.#at < this.#bytes.length; this.#at++) {
        const code = this.#bytes[this.#at]
        if (code === backslash) this.#at++
        else if (code === quote) return (this.#at++, true)
      }
      return false
    }
    while (/[\w.+-]/.test(String.fromCharCode(this.#bytes[this.#at] ?? 0))) this.#at++
    return this.#at > start
  }
}
