import { isUtf8 } from 'node:buffer'
import type { ChangeEvent } from './event.ts'
import { ownSchema } from './schema-log.ts'
import type { Position } from './position.ts'
import { readWireJson } from './read-wire-json.ts'
import type { ReadChange } from './read-wire-json.ts'
import { WireChange } from './wire-change.ts'
import type { WirePlace } from './wire-change.ts'
import { TemplateRows } from './wire-rows.ts'
import { encodeWireJsonBytes } from './wire-json.ts'
import { WireShapes } from './wire-shapes.ts'
import { templateOf } from './wire-template.ts'

/** Of all templates together. What is forgotten is learned again. */
const mostBytes = 8 * 1024 * 1024
/** Of one table: a few kinds of events, before and after the newest DDL. */
const templatesPerTable = 8
/** Where the beginning of every message ends: what differs in it are the action, the time and the LSN. */
const [quote, comma] = [0x22, 0x2c]

/**
 * Reads the messages of a topic as `WireJsonReader` does, most of them without parsing them: a row differs from others of its
 * shape in its values, its place and its time only, and those are found by comparing the rest with what was read before.
 */
export class WireBytesReader {
  readonly #shapes = new WireShapes()
  readonly #byTable = new Map<number, TemplateRows[]>()
  #size = 0

  /**
   * `stays`: values are made when somebody asks for them (`WireChange`), and the bytes are not copied.
   * @throws {TypeError} when it is not wire JSON; says nothing of what it holds.
   */
  read(bytes: Buffer, position: Position | null, stays: boolean): ChangeEvent {
    const table = tableOf(bytes)
    if (table === null || !isUtf8(bytes)) return this.#parse(bytes, position).event
    const known = this.#byTable.get(table)
    if (known !== undefined) {
      for (let i = 0; i < known.length; i++) {
        const rows = known[i]!
        const place = rows.place(bytes, position)
        if (place !== null) return stays ? new WireChange(rows, place, bytes).event : made(rows, place, bytes)
      }
    }
    const read = this.#parse(bytes, position)
    this.#learn(table, read, bytes)
    return read.event
  }

  #parse(bytes: Buffer, position: Position | null): ReadChange {
    return readWireJson(bytes.toString('utf8'), position, this.#shapes)
  }

  #learn(table: number, { event, shape }: ReadChange, bytes: Buffer): void {
    if (event.kind !== 'insert' && event.kind !== 'update' && event.kind !== 'delete') return
    if (shape === null || event.relation.schema === ownSchema) return
    const template = templateOf(bytes)
    if (template === null) return
    const isOurs = encodeWireJsonBytes(event).equals(bytes)
    const known = this.#byTable.get(table) ?? []
    const kept = [new TemplateRows(event, shape, template, isOurs), ...known]
    this.#byTable.set(table, kept.slice(0, templatesPerTable))
    this.#size += template.size
    for (const { template: old } of kept.slice(templatesPerTable)) this.#size -= old.size
    if (this.#size <= mostBytes) return
    this.#byTable.clear()
    this.#size = 0
  }
}

function made(rows: TemplateRows, place: WirePlace, bytes: Buffer): ChangeEvent {
  const { kind, relation, translation, isSnapshot } = rows
  const change = { ...place, translation, relation }
  switch (kind) {
    case 'insert': {
      const values = rows.values(bytes)
      return isSnapshot ? { kind, ...change, snapshot: true, values } : { kind, ...change, values }
    }
    case 'update':
      return { kind, ...change, values: rows.values(bytes), old: rows.old(bytes) }
    case 'delete':
      return { kind, ...change, old: rows.old(bytes)! }
  }
}

const head = Buffer.from('{"action":"I","timestamp":"')
const letterAt = 11
const lsnName = Buffer.from('","lsn":"')
const mostOfPlain = 64

/**
 * Of the action, the schema and the table, a number that is the same for all messages that have them in common. Null where they do not stand
 * where pgstream writes them.
 */
function tableOf(bytes: Buffer): number | null {
  let at = endOfPlain(bytes, head.length)
  if (at === null) return null
  at = endOfPlain(bytes, at + lsnName.length)
  if (at === null) return null
  let hash = bytes[letterAt]!
  // `,"schema":"…","table":"…",`: up to the comma behind the eighth quote
  for (let quotes = 0; ++at < bytes.length;) {
    const code = bytes[at]!
    if (code === quote) quotes++
    else if (code === comma && quotes === 8) return hash
    hash = (Math.imul(hash, 31) + code) | 0
  }
  return null
}

function endOfPlain(bytes: Buffer, start: number): number | null {
  for (let at = start; at < start + mostOfPlain; at++) if (bytes[at] === quote) return at
  return null
}
