import { PgstreamError } from '../errors.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { Relation } from '../wal/relation.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Row, Value } from '../wal/value.ts'
import type { Decoder, Emit } from './decoder.ts'
import { fillUnchanged } from './fill-unchanged.ts'
import { KnownRelations } from './known-relations.ts'
import type { KnownRelation } from './known-relations.ts'
import { decodeLargeValue, isLargeMessage, keep } from './large-message.ts'
import { MessageReader } from './message-reader.ts'
import { RowTexts } from './row-texts.ts'
import { standingAlone, Transaction } from './transaction.ts'
import { TypeNames } from './type-names.ts'
import { asText, decodeValue } from './value-decoder.ts'

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
const nothing = Buffer.alloc(0)

/**
 * Decodes the messages of Postgres' own output plugin, protocol version 1
 * (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html). Everything is decoded within the
 * call: the bytes belong to the socket and are overwritten afterwards, but for those of large messages.
 */
export class PgoutputDecoder implements Decoder {
  readonly #reader = new MessageReader()
  readonly #texts = new RowTexts()
  readonly #transaction = new Transaction()
  readonly #relations: KnownRelations
  readonly #emit: Emit

  constructor(emit: Emit, types: TypeNames = new TypeNames()) {
    this.#emit = emit
    this.#relations = new KnownRelations(types)
  }

  get inTransaction(): boolean {
    return this.#transaction.isOpen
  }

  learn(entry: SchemaLogEntry): void {
    this.#relations.learn(entry)
  }

  /**
   * Emits what the message says; `lsn` is the change's own place in the WAL.
   * @throws {PgstreamError} PGSTREAM_PROTOCOL when the message cannot be understood.
   */
  decode(bytes: Buffer, lsn: Lsn): void {
    this.#reader.reset(bytes)
    this.#decode(lsn)
    if (isLargeMessage(bytes)) this.#reader.reset(nothing)
  }

  #decode(lsn: Lsn): void {
    const reader = this.#reader
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
    const reader = this.#reader
    const commitLsn = reader.lsn()
    const commitTime = reader.time()
    const xid = reader.uint32()
    reader.end()
    this.#transaction.begin({ commitLsn, commitTime, xid })
  }

  #commit(): void {
    const reader = this.#reader
    reader.uint8()
    const commitLsn = reader.lsn()
    const endLsn = reader.lsn()
    const commitTime = reader.time()
    reader.end()
    this.#emit(this.#transaction.commit({ commitLsn, endLsn, commitTime }))
  }

  /** Where another server made the transaction: of no interest here. */
  #origin(): void {
    this.#reader.lsn()
    this.#reader.text()
    this.#reader.end()
  }

  #row({ kinds }: KnownRelation): Value[] {
    const reader = this.#reader
    const decode = isLargeMessage(reader.bytes) ? decodeLargeValue : decodeValue
    const count = reader.uint16()
    if (count !== kinds.length) {
      throw new PgstreamError(
        'PGSTREAM_PROTOCOL',
        `a row has ${count} columns where ${kinds.length} were described`,
      )
    }
    const row = new Array<Value>(count)
    const texts = this.#texts
    texts.reset(reader.bytes, reader.at)
    for (let i = 0; i < count; i++) {
      const format = reader.uint8()
      if (format === textValue) {
        const length = reader.int32()
        const start = reader.skip(length)
        const kind = kinds[i]!
        row[i] =
          kind === asText && texts.isUsed
            ? texts.text(start, start + length)
            : decode(kind, reader.bytes, start, start + length)
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
    this.#emit({ kind: 'insert', relation: known.relation, values, ...this.#transaction.change(lsn) })
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
    this.#emit({ kind: 'update', relation: known.relation, values, old, ...this.#transaction.change(lsn) })
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
    this.#emit({ kind: 'delete', relation: known.relation, old, ...this.#transaction.change(lsn) })
  }

  #truncate(lsn: Lsn): void {
    const reader = this.#reader
    const count = reader.uint32()
    reader.uint8() // CASCADE, RESTART IDENTITY: the tables they reached are all in the list
    const relations: Relation[] = []
    for (let left = count; left > 0; left--) relations.push(this.#relations.get(reader.uint32()).relation)
    reader.end()
    for (const relation of relations)
      this.#emit({ kind: 'truncate', relation, ...this.#transaction.change(lsn) })
  }

  #message(): void {
    const reader = this.#reader
    const transactional = (reader.uint8() & 1) === 1
    const lsn = reader.lsn()
    const prefix = reader.text()
    const length = reader.uint32()
    const start = reader.skip(length)
    const content = keep(reader.bytes, start, start + length)
    reader.end()
    const change = transactional ? this.#transaction.change(lsn) : standingAlone(lsn)
    this.#emit({ kind: 'message', transactional, prefix, content, ...change })
  }
}
