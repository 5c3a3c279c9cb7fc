import type { Lsn } from '../wal/lsn.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import type { Decoder, Emit } from './decoder.ts'
import type { SourceKnowledge } from './source-knowledge.ts'
import { isLargeMessage } from './large-message.ts'
import { standingAlone, Transaction } from './transaction.ts'
import { parseTime } from '../wal/parse-time.ts'
import { Wal2jsonScanner } from './wal2json-scanner.ts'
import type { RowAction, Wal2jsonTable } from './wal2json-table.ts'
import { Wal2jsonTables } from './wal2json-tables.ts'

const [begin, commit, insert, update, remove, truncate, message] = Buffer.from('BCIUDTM')
const quote = 0x22
const closeBrace = 0x7d
const nothing = Buffer.alloc(0)

const key = (name: string): Buffer => Buffer.from(`,"${name}":`)
const actionKey = Buffer.from('{"action":"')
const xidKey = key('xid')
const timestampKey = key('timestamp')
const lsnKey = key('lsn')
const nextLsnKey = key('nextlsn')
const prefixKey = key('prefix')
const contentKey = key('content')
const noXid = Buffer.from(',"xid":null')
const noTimestamp = Buffer.from(',"timestamp":null')
const transactional = Buffer.from(',"transactional":true')
const notTransactional = Buffer.from(',"transactional":false')

/**
 * Decodes the lines of wal2json (https://github.com/eulerto/wal2json): format version 2 with `include-transaction` and
 * `include-lsn`; with or without xids, time stamps and type oids. What a row does not say of its table is known from the
 * schema log.
 */
export class Wal2jsonDecoder implements Decoder {
  readonly #scanner = new Wal2jsonScanner()
  readonly #transaction = new Transaction()
  readonly #emit: Emit
  readonly #knowledge: SourceKnowledge
  readonly #tables: Wal2jsonTables
  /** What every line of a transaction repeats: its id and its time. */
  #stamp = Buffer.alloc(0)
  #commitTime = 0

  constructor(emit: Emit, knowledge: SourceKnowledge) {
    this.#emit = emit
    this.#knowledge = knowledge
    this.#tables = new Wal2jsonTables(knowledge)
  }

  get inTransaction(): boolean {
    return this.#transaction.isOpen
  }

  learn(entry: SchemaLogEntry): void {
    this.#knowledge.tables.learn(entry, this.#transaction.commitLsn)
  }

  /** @throws {PgstreamError} PGSTREAM_PROTOCOL when the line cannot be understood. */
  decode(bytes: Buffer): void {
    this.#scanner.reset(bytes)
    this.#decode()
    if (isLargeMessage(bytes)) this.#scanner.reset(nothing)
  }

  #decode(): void {
    const scanner = this.#scanner
    scanner.expect(actionKey)
    const action = scanner.bytes[scanner.at++]
    scanner.expectByte(quote)
    switch (action) {
      case insert:
        return this.#row('insert')
      case update:
        return this.#row('update')
      case remove:
        return this.#row('delete')
      case begin:
        return this.#begin()
      case commit:
        return this.#commit()
      case truncate:
        return this.#truncate()
      case message:
        return this.#message()
      default:
        throw scanner.damaged()
    }
  }

  #begin(): void {
    const scanner = this.#scanner
    const from = scanner.at
    const xid = scanner.take(xidKey) ? this.#integer() : 0
    const commitTime = scanner.take(timestampKey) ? this.#time() : 0
    const stamp = Buffer.from(scanner.bytes.subarray(from, scanner.at))
    const commitLsn = this.#lsn(lsnKey)
    this.#lsn(nextLsnKey)
    this.#end()
    this.#transaction.begin({ commitLsn, commitTime, xid })
    this.#stamp = stamp
    this.#commitTime = commitTime
    this.#knowledge.tables.begin(xid)
  }

  #commit(): void {
    this.#scanner.expect(this.#stamp)
    const commitLsn = this.#lsn(lsnKey)
    const endLsn = this.#lsn(nextLsnKey)
    this.#end()
    this.#emit(this.#transaction.commit({ commitLsn, endLsn, commitTime: this.#commitTime }))
  }

  #row(kind: RowAction): void {
    const { at, table } = this.#place()
    const row = table?.read(this.#scanner, kind)
    if (!table || !row) {
      this.#transaction.change(at)
      return
    }
    this.#end()
    const { relation, values, old } = row
    const change = this.#transaction.change(at)
    if (kind === 'insert') this.#emit({ kind, relation, values, ...change })
    else if (kind === 'update') this.#emit({ kind, relation, values, old, ...change })
    else this.#emit({ kind, relation, old: old!, ...change })
  }

  /** One line per table; a partitioned one is listed beside its partitions. */
  #truncate(): void {
    const { at, table } = this.#place()
    this.#end()
    if (!table || table.isPartitioned) return
    this.#emit({ kind: 'truncate', relation: table.relation(), ...this.#transaction.change(at) })
  }

  #message(): void {
    const scanner = this.#scanner
    const hasNoXid = scanner.take(noXid)
    const hasNoTime = scanner.take(noTimestamp)
    if (!hasNoXid && !hasNoTime) scanner.expect(this.#stamp)
    const at = this.#lsn(lsnKey)
    const isTransactional = scanner.take(transactional)
    if (!isTransactional) scanner.expect(notTransactional)
    scanner.expect(prefixKey)
    scanner.string()
    const prefix = scanner.text()
    scanner.expect(contentKey)
    scanner.string()
    const content = scanner.contents()
    this.#end()
    const place = isTransactional ? this.#transaction.change(at) : standingAlone(at)
    this.#emit({ kind: 'message', transactional: isTransactional, prefix, content, ...place })
  }

  /** Where a change of a table is, and its table; null for what is no table. */
  #place(): { at: Lsn; table: Wal2jsonTable | null } {
    this.#scanner.expect(this.#stamp)
    const at = this.#lsn(lsnKey)
    return {
      at,
      table: this.#tables.next(this.#scanner, { lsn: at, commitLsn: this.#transaction.commitLsn }),
    }
  }

  #integer(): number {
    const scanner = this.#scanner
    scanner.number()
    const value = Number(scanner.bytes.toString('latin1', scanner.start, scanner.end))
    if (!Number.isSafeInteger(value)) throw scanner.damaged()
    return value
  }

  #time(): number {
    this.#scanner.string()
    const time = parseTime(this.#scanner.text())
    if (time === undefined) throw this.#scanner.damaged()
    return time
  }

  #lsn(name: Buffer): Lsn {
    this.#scanner.expect(name)
    this.#scanner.string()
    return this.#scanner.lsn()
  }

  #end(): void {
    this.#scanner.expectByte(closeBrace)
    this.#scanner.expectEnd()
  }
}
