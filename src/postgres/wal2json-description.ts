import { builtinTypeName } from './builtin-types.ts'
import type { TypeNames } from './type-names.ts'
import type { Wal2jsonScanner } from './wal2json-scanner.ts'
import { skipValue } from './wal2json-value.ts'

/** A column as a row lists it. */
export interface DescribedColumn {
  readonly name: string
  readonly type: string
  readonly typeOid: number
  /** Everything before its value. */
  readonly prefix: Buffer
}

export interface DescribedRow {
  /** Of the new row; empty in a delete. */
  readonly columns: readonly DescribedColumn[]
  /** Of the old row; empty in an insert. */
  readonly identity: readonly DescribedColumn[]
  /** An insert: no column of the table is missing. */
  readonly isWhole: boolean
}

const columnsKey = Buffer.from(',"columns":[')
const identityKey = Buffer.from(',"identity":[')
const nameKey = Buffer.from('{"name":')
const typeKey = Buffer.from(',"type":')
const typeOidKey = Buffer.from(',"typeoid":')
const valueKey = Buffer.from(',"value":')
const comma = 0x2c
const closeBracket = 0x5d
const closeBrace = 0x7d
const quote = 0x22
const backslash = 0x5c

/** Reads what columns a row has, and passes over their values. */
export function describeRow(scanner: Wal2jsonScanner, types: TypeNames): DescribedRow {
  const columns = scanner.take(columnsKey) ? describeList(scanner, types) : []
  const hasIdentity = scanner.take(identityKey)
  const identity = hasIdentity ? describeList(scanner, types) : []
  return { columns, identity, isWhole: !hasIdentity }
}

function describeList(scanner: Wal2jsonScanner, types: TypeNames): DescribedColumn[] {
  const columns: DescribedColumn[] = []
  if (scanner.takeByte(closeBracket)) return columns
  do {
    const from = scanner.at
    scanner.expect(nameKey)
    scanner.string()
    const name = scanner.text()
    scanner.expect(typeKey)
    const typed = describeType(scanner, types)
    scanner.expect(valueKey)
    columns.push({ name, ...typed, prefix: Buffer.from(scanner.bytes.subarray(from, scanner.at)) })
    skipValue(scanner)
    scanner.expectByte(closeBrace)
  } while (scanner.takeByte(comma))
  scanner.expectByte(closeBracket)
  return columns
}

/**
 * wal2json prints a name that begins with a quote as it is, without making a JSON string of it: `"type":"My Schema".mood`,
 * and `"type":"char"` for what `format_type` calls `"char"`. Where it ends is certain all the same: a quote within a quoted
 * name is doubled.
 */
function describeType(scanner: Wal2jsonScanner, types: TypeNames): { type: string; typeOid: number } {
  const { bytes, at } = scanner
  const end = bytes.indexOf(typeOidKey, at)
  const isJson = end < 0 || isString(bytes, at, end)
  let type: string
  if (isJson) {
    scanner.string()
    type = scanner.text()
  } else {
    type = bytes.toString('utf8', at, end)
    scanner.at = end
  }
  if (!scanner.take(typeOidKey)) return { type, typeOid: types.oidOf(type) ?? 0 }
  scanner.number()
  const typeOid = Number(bytes.toString('latin1', scanner.start, scanner.end))
  const quoted = `"${type}"`
  return { type: builtinTypeName(typeOid, -1) === quoted ? quoted : type, typeOid }
}

/** Whether `bytes[start, end)` is one JSON string. */
function isString(bytes: Buffer, start: number, end: number): boolean {
  if (bytes[start] !== quote) return false
  for (let at = start + 1; at < end; at++) {
    if (bytes[at] === backslash) at++
    else if (bytes[at] === quote) return at === end - 1
  }
  return false
}
