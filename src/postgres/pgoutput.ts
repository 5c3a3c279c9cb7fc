import { PgstreamError } from '../errors.ts'
import type { ChangeEvent, CommitEvent } from '../wal/event.ts'
import { lsn, noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { Column, Relation } from '../wal/relation.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Row, Value } from '../wal/value.ts'
import { KnownRelations } from './known-relations.ts'
import type { KnownRelation } from './known-relations.ts'
import { MessageReader } from './message-reader.ts'
import { slotPosition } from './slot-position.ts'
import { decodeValue } from './value-decoder.ts'

const code = (letter: string): number => letter.charCodeAt(0)
const begin = code('B')
const commit = code('C')
const origin = code('O')
const relation = code('R')
const type = code('Y')
const insert = code('I')
const update = code('U')
const remove = code('D')
const truncate = code('T')
const message = code('M')
const keyTuple = code('K')
const oldTuple = code('O')
const newTuple = code('N')
const nullValue = code('n')
const unchangedValue = code('u')
const textValue = code('t')

type ChangePlace = Pick<
  ChangeEvent,
  'commitLsn' | 'ordinal' | 'lsn' | 'xid' | 'commitTime' | 'position' | 'translation'
>

/**
 * Decodes the messages of Postgres' own output plugin, protocol version 1
 * (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html). Everything is decoded within the
 * call: the bytes belong to the socket and are overwritten afterwards.
 */
export class PgoutputDecoder {
  readonly #reader = new MessageReader()
  readonly #relations = new KnownRelations()
  readonly #emit: (event: ChangeEvent | CommitEvent) => void
  #inTransaction = false
  #commitLsn: Lsn = noLsn
  #commitTime = 0
  #xid = 0
  #ordinal = 0

  constructor(emit: (event: ChangeEvent | CommitEvent) => void) {
    this.#emit = emit
  }

  /** Between a Begin and its Commit. */
  get inTransaction(): boolean {
    return this.#inTransaction
  }

  /**
   * Emits what the message says; `lsn` is the change's own place in the WAL.
   * @throws {PgstreamError} PGSTREAM_PROTOCOL when the message cannot be understood.
   */
  decode(bytes: Buffer, lsn: Lsn): void {
    const reader = this.#reader
    reader.reset(bytes)
    const messageType = reader.uint8()
    switch (messageType) {
      case insert:
        return this.#insert(lsn)
      case update:
        return this.#update(lsn)
      case remove:
        return this.#delete(lsn)
      case begin:
        return this.#begin()
      case commit:
        return this.#commit()
      case relation:
        return this.#relations.describe(reader)
      case type:
        return this.#relations.describeType(reader)
      case truncate:
        return this.#truncate(lsn)
      case message:
        return this.#message()
      case origin:
        return this.#origin()
      default:
        throw new PgstreamError(
          'PGSTREAM_PROTOCOL',
          `an unknown replication message of type ${JSON.stringify(String.fromCharCode(messageType))} arrived`,
        )
    }
  }

  #begin(): void {
    if (this.#inTransaction)
      throw new PgstreamError('PGSTREAM_PROTOCOL', 'a transaction began within another')
    this.#commitLsn = this.#reader.lsn()
    this.#commitTime = this.#reader.time()
    this.#xid = this.#reader.uint32()
    this.#reader.end()
    this.#ordinal = 0
    this.#inTransaction = true
  }

  #commit(): void {
    const reader = this.#reader
    reader.uint8()
    const commitLsn = reader.lsn()
    const endLsn = reader.lsn()
    const commitTime = reader.time()
    reader.end()
    this.#mustBeInTransaction()
    this.#inTransaction = false
    this.#emit({ kind: 'commit', commitLsn, xid: this.#xid, commitTime, position: slotPosition(endLsn) })
  }

  /** Where another server made the transaction: of no interest here. */
  #origin(): void {
    this.#reader.lsn()
    this.#reader.text()
    this.#reader.end()
  }

  #row({ kinds }: KnownRelation): Value[] {
    const reader = this.#reader
    const count = reader.uint16()
    if (count !== kinds.length) {
      throw new PgstreamError(
        'PGSTREAM_PROTOCOL',
        `a row has ${count} columns where ${kinds.length} were described`,
      )
    }
    const row = new Array<Value>(count)
    for (let i = 0; i < count; i++) {
      const format = reader.uint8()
      if (format === textValue) {
        const length = reader.int32()
        const start = reader.skip(length)
        row[i] = decodeValue(kinds[i]!, reader.bytes, start, start + length)
      } else if (format === nullValue) {
        row[i] = null
      } else if (format === unchangedValue) {
        row[i] = unchangedToast
      } else {
        throw new PgstreamError('PGSTREAM_PROTOCOL', `a column value has the unknown format ${format}`)
      }
    }
    return row
  }

  #expect(tuple: number): void {
    if (this.#reader.uint8() !== tuple) {
      throw new PgstreamError('PGSTREAM_PROTOCOL', 'a row change lacks its new row')
    }
  }

  #insert(lsn: Lsn): void {
    const known = this.#relations.get(this.#reader.uint32())
    this.#expect(newTuple)
    const values = this.#row(known)
    this.#reader.end()
    this.#emit({ kind: 'insert', relation: known.relation, values, ...this.#change(lsn) })
  }

  #update(lsn: Lsn): void {
    const reader = this.#reader
    const known = this.#relations.get(reader.uint32())
    const first = reader.uint8()
    let old: Row | null = null
    if (first === keyTuple || first === oldTuple) {
      old = this.#row(known)
      this.#expect(newTuple)
    } else if (first !== newTuple) {
      throw new PgstreamError('PGSTREAM_PROTOCOL', 'an update lacks its new row')
    }
    const values = this.#row(known)
    reader.end()
    if (old) fillUnchanged(values, old, first === oldTuple ? null : known.relation.columns)
    this.#emit({ kind: 'update', relation: known.relation, values, old, ...this.#change(lsn) })
  }

  #delete(lsn: Lsn): void {
    const reader = this.#reader
    const known = this.#relations.get(reader.uint32())
    const tuple = reader.uint8()
    if (tuple !== keyTuple && tuple !== oldTuple) {
      throw new PgstreamError('PGSTREAM_PROTOCOL', 'a delete lacks its old row')
    }
    const old = this.#row(known)
    reader.end()
    this.#emit({ kind: 'delete', relation: known.relation, old, ...this.#change(lsn) })
  }

  #truncate(lsn: Lsn): void {
    const reader = this.#reader
    const count = reader.uint32()
    reader.uint8() // CASCADE, RESTART IDENTITY: the tables they reached are all in the list
    const relations: Relation[] = []
    for (let left = count; left > 0; left--) relations.push(this.#relations.get(reader.uint32()).relation)
    reader.end()
    for (const relation of relations) this.#emit({ kind: 'truncate', relation, ...this.#change(lsn) })
  }

  #message(): void {
    const reader = this.#reader
    const transactional = (reader.uint8() & 1) === 1
    const lsn = reader.lsn()
    const prefix = reader.text()
    const length = reader.uint32()
    const start = reader.skip(length)
    const content = Buffer.from(reader.bytes.subarray(start, start + length))
    reader.end()
    const change = transactional ? this.#change(lsn) : standingAlone(lsn)
    this.#emit({ kind: 'message', transactional, prefix, content, ...change })
  }

  #mustBeInTransaction(): void {
    if (this.#inTransaction) return
    throw new PgstreamError('PGSTREAM_PROTOCOL', 'a change or a commit arrived outside of a transaction')
  }

  #change(lsn: Lsn): ChangePlace {
    this.#mustBeInTransaction()
    return {
      commitLsn: this.#commitLsn,
      ordinal: this.#ordinal++,
      lsn,
      xid: this.#xid,
      commitTime: this.#commitTime,
      position: null,
      translation: null,
    }
  }
}

/** A message's LSN is the end of its record, where the next commit record may start: the byte before is nobody else's. */
const standingAlone = (at: Lsn): ChangePlace => ({
  commitLsn: lsn(at - 1n),
  ordinal: 0,
  lsn: at,
  xid: 0,
  commitTime: 0,
  position: null,
  translation: null,
})

/**
 * Old rows are always sent with their large values, so that what they know is not missing in the new row: everything,
 * or, where `columns` are given, the key.
 */
function fillUnchanged(values: Value[], old: Row, columns: readonly Column[] | null): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] === unchangedToast && (columns === null || columns[i]!.key)) values[i] = old[i]!
  }
}
