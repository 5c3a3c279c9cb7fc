/** Replication messages made by hand, field by field as the protocol's page lists them. Integers are big-endian. */

const uint8 = (value: number): Buffer => Buffer.from([value])

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function uint64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(value)
  return bytes
}

const text = (value: string): Buffer => Buffer.from(`${value}\0`)

const letter = (value: string): Buffer => Buffer.from(value, 'latin1')

/** 2000-01-01 is 0. */
const postgresTime = (micros: bigint): Buffer => uint64(micros)

export interface TransactionBytes {
  readonly lsn?: bigint
  readonly endLsn?: bigint
  readonly micros?: bigint
  readonly xid?: number
}

export const begin = ({ lsn = 0x100n, micros = 0n, xid = 700 }: TransactionBytes = {}): Buffer =>
  Buffer.concat([letter('B'), uint64(lsn), postgresTime(micros), int32(xid)])

export const commit = ({ lsn = 0x100n, endLsn = 0x130n, micros = 0n }: TransactionBytes = {}): Buffer =>
  Buffer.concat([letter('C'), uint8(0), uint64(lsn), uint64(endLsn), postgresTime(micros)])

export const origin = (): Buffer => Buffer.concat([letter('O'), uint64(0x90n), text('elsewhere')])

export const type = (oid: number, schema: string, name: string): Buffer =>
  Buffer.concat([letter('Y'), int32(oid), text(schema), text(name)])

export interface ColumnBytes {
  readonly name: string
  readonly oid: number
  readonly modifier?: number
  readonly key?: boolean
}

export interface RelationBytes {
  readonly oid?: number
  readonly schema?: string
  readonly table?: string
  readonly identity?: string
}

export const relation = (columns: readonly ColumnBytes[], options: RelationBytes = {}): Buffer =>
  Buffer.concat([
    letter('R'),
    int32(options.oid ?? 16_400),
    text(options.schema ?? 'public'),
    text(options.table ?? 'users'),
    letter(options.identity ?? 'd'),
    uint16(columns.length),
    ...columns.flatMap(({ key, name, oid, modifier }) => [
      uint8(key ? 1 : 0),
      text(name),
      int32(oid),
      int32(modifier ?? -1),
    ]),
  ])

export const unchanged = Symbol('unchanged')
export type TupleValue = string | null | typeof unchanged

export const tuple = (...values: readonly TupleValue[]): Buffer =>
  Buffer.concat([
    uint16(values.length),
    ...values.flatMap((value) => {
      if (value === null) return [letter('n')]
      if (value === unchanged) return [letter('u')]
      const bytes = Buffer.from(value)
      return [letter('t'), int32(bytes.length), bytes]
    }),
  ])

export const insert = (row: Buffer, oid = 16_400): Buffer =>
  Buffer.concat([letter('I'), int32(oid), letter('N'), row])

export const update = (row: Buffer, old?: { key?: Buffer; whole?: Buffer }, oid = 16_400): Buffer =>
  Buffer.concat([
    letter('U'),
    int32(oid),
    ...(old?.key ? [letter('K'), old.key] : []),
    ...(old?.whole ? [letter('O'), old.whole] : []),
    letter('N'),
    row,
  ])

export const remove = (old: { key: Buffer } | { whole: Buffer }, oid = 16_400): Buffer =>
  Buffer.concat([
    letter('D'),
    int32(oid),
    ...('key' in old ? [letter('K'), old.key] : [letter('O'), old.whole]),
  ])

export const truncate = (oids: readonly number[], options = 0): Buffer =>
  Buffer.concat([letter('T'), int32(oids.length), uint8(options), ...oids.map(int32)])

export const message = (
  prefix: string,
  content: Buffer,
  { transactional = true, lsn = 0x88n }: { transactional?: boolean; lsn?: bigint } = {},
): Buffer =>
  Buffer.concat([
    letter('M'),
    uint8(transactional ? 1 : 0),
    uint64(lsn),
    text(prefix),
    int32(content.length),
    content,
  ])
