import type { DeleteEvent, InsertEvent, Translation, UpdateEvent } from './event.ts'
import { lsn, noLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import { parseTime } from './parse-time.ts'
import { formatTime } from './time.ts'
import type { Position } from './position.ts'
import type { Relation } from './relation.ts'
import { unchangedToast } from './value.ts'
import type { Row, Value } from './value.ts'
import type { ValueKind } from './value-kind.ts'
import type { WirePlace, WireRows } from './wire-change.ts'
import type { WireShape } from './wire-shapes.ts'
import { isAt, readInteger, readSlot } from './wire-slots.ts'
import type { WireTemplate } from './wire-template.ts'

/** Of the message that was compared last: start and end of each slot. */
let places = new Int32Array(256)

/** What the messages of a template are, once the first of them was read. */
export class TemplateRows implements WireRows {
  readonly kind: WireRows['kind']
  readonly relation: Relation
  readonly translation: Translation | null
  readonly isSnapshot: boolean
  readonly isOurs: boolean
  readonly template: WireTemplate
  readonly #shape: WireShape

  /** `first`: the change that the template was made of, in wire JSON `isOurs` to the byte or not. */
  constructor(
    first: InsertEvent | UpdateEvent | DeleteEvent,
    shape: WireShape,
    template: WireTemplate,
    isOurs: boolean,
  ) {
    this.kind = first.kind
    this.relation = shape.relation
    this.translation = shape.translation
    this.isSnapshot = first.kind === 'insert' && first.snapshot === true
    this.isOurs = isOurs
    this.template = template
    this.#shape = shape
    if (places.length < 2 * template.kinds.length) places = new Int32Array(2 * template.kinds.length)
  }

  /** Null where the message is none of the template, or says what is no place. */
  place(bytes: Buffer, position: Position | null): WirePlace | null {
    const { template } = this
    if (!template.fits(bytes, places)) return null
    const { at } = template
    const commitTime = at.timestamp < 0 ? 0 : timeAt(bytes, startOf(at.timestamp), endOf(at.timestamp))
    const change = at.lsn < 0 ? null : lsnAt(bytes, startOf(at.lsn), endOf(at.lsn))
    const commit = at.commit_lsn < 0 ? change : commitLsnAt(bytes, at.commit_lsn)
    if (commitTime === null || change === null || commit === null) return null
    return {
      commitLsn: commit,
      ordinal: at.ordinal < 0 ? 0 : readInteger(bytes, startOf(at.ordinal), endOf(at.ordinal)),
      lsn: change,
      xid: at.xid < 0 ? 0 : readInteger(bytes, startOf(at.xid), endOf(at.xid)),
      commitTime,
      position,
    }
  }

  values(bytes: Buffer): Row {
    const { columns, columnCount } = this.template.at
    return this.#row(bytes, columns, columnCount, this.#shape.columnsAt, unchangedToast)
  }

  old(bytes: Buffer): Row | null {
    const { identity, identityCount } = this.template.at
    return identity < 0 ? null : this.#row(bytes, identity, identityCount, this.#shape.identityAt, null)
  }

  #row(
    bytes: Buffer,
    first: number,
    count: number,
    at: readonly number[],
    missing: null | typeof unchangedToast,
  ): Row {
    this.template.fits(bytes, places)
    const { kinds } = this.template
    const row = new Array<Value>(this.relation.columns.length).fill(missing)
    for (let i = 0; i < count; i++) {
      const slot = first + i
      row[at[i]!] = readSlot(kinds[slot] as ValueKind, bytes, startOf(slot), endOf(slot))
    }
    return row
  }
}

const startOf = (slot: number): number => places[2 * slot]!
const endOf = (slot: number): number => places[2 * slot + 1]!

let lastText = Buffer.alloc(0)
let lastTime: number | null = null

/** The same for the rows of a transaction. Null where it is written otherwise than by pgstream. */
function timeAt(bytes: Buffer, start: number, end: number): number | null {
  if (start === end) return 0
  if (lastText.length === end - start && isAt(bytes, start, lastText)) return lastTime
  lastText = Buffer.from(bytes.subarray(start, end))
  const text = lastText.toString('latin1')
  const time = parseTime(text)
  lastTime = time !== undefined && formatTime(time) === text ? time : null
  return lastTime
}

let lastCommitText = Buffer.alloc(0)
let lastCommit: Lsn | null = null

function commitLsnAt(bytes: Buffer, slot: number): Lsn | null {
  const [start, end] = [startOf(slot), endOf(slot)]
  if (lastCommitText.length === end - start && isAt(bytes, start, lastCommitText)) return lastCommit
  lastCommitText = Buffer.from(bytes.subarray(start, end))
  lastCommit = lsnAt(bytes, start, end)
  return lastCommit
}

const halves = new Uint32Array(2)
const whole = new BigUint64Array(halves.buffer)
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1
const [slash, zero] = [0x2f, 0x30]

/** As `parseLsn` does it, without strings. */
function lsnAt(bytes: Buffer, start: number, end: number): Lsn | null {
  if (start === end) return noLsn
  let middle = start
  while (middle < end && bytes[middle] !== slash) middle++
  const high = hexAt(bytes, start, middle)
  const low = hexAt(bytes, middle + 1, end)
  if (high < 0 || low < 0) return null
  halves[isLittleEndian ? 1 : 0] = high
  halves[isLittleEndian ? 0 : 1] = low
  return lsn(whole[0]!)
}

/** One to eight digits as pgstream writes them, without zeros before them; -1 for anything else. */
function hexAt(bytes: Buffer, start: number, end: number): number {
  if (start >= end || end - start > 8 || (bytes[start] === zero && end - start > 1)) return -1
  let value = 0
  for (let at = start; at < end; at++) {
    const digit = digitOf(bytes[at]!)
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

function digitOf(code: number): number {
  if (code >= zero && code <= 0x39) return code - zero
  return code >= 0x41 && code <= 0x46 ? code - 0x37 : -1
}
