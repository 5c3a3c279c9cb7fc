import { PgstreamError } from '../errors.ts'
import type { Lsn } from '../wal/lsn.ts'
import { noTuple, PrintedChange } from '../wal/printed-change.ts'
import type { Relation } from '../wal/relation.ts'
import { ownSchema } from '../wal/schema-log.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import type { Row, Value } from '../wal/value.ts'
import type { Decoder, Emit } from './decoder.ts'
import { fillUnchanged } from './fill-unchanged.ts'
import { KnownRelations } from './known-relations.ts'
import type { KnownRelation } from './known-relations.ts'
import { isLargeMessage, keep } from './large-message.ts'
import { MessageReader } from './message-reader.ts'
import { standingAlone, Transaction } from './transaction.ts'
import { TupleDecoder } from './tuple-decoder.ts'
import { TypeNames } from './type-names.ts'

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
const nothing = Buffer.alloc(0)

/**
 * Decodes the messages of Postgres' own output plugin, protocol version 1
 * (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html). Everything is decoded within the
 * call and nothing of the bytes kept, but for those of large messages, and of rows that stay as they are printed.
 */
export class PgoutputDecoder implements Decoder {
  readonly #reader = new MessageReader()
  readonly #tuples = new TupleDecoder()
  readonly #transaction = new Transaction()
  readonly #relations: KnownRelations
  readonly #emit: Emit
  readonly #isPrinted: boolean

  /** `isPrinted`: values are made when somebody asks for them. */
  constructor(emit: Emit, types: TypeNames = new TypeNames(), isPrinted = false) {
    this.#emit = emit
    this.#isPrinted = isPrinted
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
    return this.#tuples.read(this.#reader, kinds)
  }

  #expect(tuple: number): void {
    if (this.#reader.uint8() !== tuple) {
      throw new PgstreamError('PGSTREAM_PROTOCOL', 'a row change lacks its new row')
    }
  }

  #insert(lsn: Lsn): void {
    const known = this.#relations.get(this.#reader.uint32())
    this.#expect(newTuple)
    if (this.#staysPrinted(known) && this.#handOn('insert', known, lsn, false, true)) return
    const values = this.#row(known)
    this.#reader.end()
    this.#emit({ kind: 'insert', relation: known.relation, values, ...this.#transaction.change(lsn) })
  }

  #update(lsn: Lsn): void {
    const reader = this.#reader
    const known = this.#relations.get(reader.uint32())
    const first = reader.uint8()
    const hasOld = first === keyTuple || first === oldTuple
    if (!hasOld && first !== newTuple)
      throw new PgstreamError('PGSTREAM_PROTOCOL', 'an update lacks its new row')
    if (this.#staysPrinted(known) && this.#handOn('update', known, lsn, hasOld, true)) return
    let old: Row | null = null
    if (hasOld) {
      old = this.#row(known)
      this.#expect(newTuple)
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
    if (this.#staysPrinted(known) && this.#handOn('delete', known, lsn, true, false)) return
    const old = this.#row(known)
    reader.end()
    this.#emit({ kind: 'delete', relation: known.relation, old, ...this.#transaction.change(lsn) })
  }

  /** Of our own tables much is asked, and the memory of large messages is overwritten by what decodes them. */
  #staysPrinted({ relation }: KnownRelation): boolean {
    return this.#isPrinted && relation.schema !== ownSchema && !isLargeMessage(this.#reader.bytes)
  }

  /** Emits the change as it is printed; false, and nothing is read, where a value is not there. */
  #handOn(
    kind: PrintedChange['kind'],
    known: KnownRelation,
    lsn: Lsn,
    hasOld: boolean,
    hasNew: boolean,
  ): boolean {
    const reader = this.#reader
    const tuples = this.#tuples
    const from = reader.at
    const oldAt = hasOld ? from : noTuple
    let isWhole = !hasOld || tuples.pass(reader, known.kinds)
    if (hasOld && hasNew) this.#expect(newTuple)
    const newAt = hasNew ? reader.at : noTuple
    if (hasNew) isWhole = tuples.pass(reader, known.kinds) && isWhole
    if (!isWhole) {
      reader.at = from
      return false
    }
    reader.end()
    const transaction = this.#transaction
    const ordinal = transaction.next()
    this.#emit(
      new PrintedChange(kind, known, tuples, transaction, ordinal, lsn, reader.bytes, newAt, oldAt).event,
    )
    return true
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
    const start = reader.advance(length)
    const content = keep(reader.bytes, start, start + length)
    reader.end()
    const change = transactional ? this.#transaction.change(lsn) : standingAlone(lsn)
    this.#emit({ kind: 'message', transactional, prefix, content, ...change })
  }
}
