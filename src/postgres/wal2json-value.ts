import type { Value } from '../wal/value.ts'
import { decodeLargeHex, isLargeMessage } from './large-message.ts'
import { decodeHex, decodeValue } from './value-decoder.ts'
import { asBoolean, asBytes, asText } from '../wal/value-kind.ts'
import type { ValueKind } from '../wal/value-kind.ts'
import type { Wal2jsonScanner } from './wal2json-scanner.ts'

const literalNull = Buffer.from('null')
const literalTrue = Buffer.from('true')
const literalFalse = Buffer.from('false')
const quote = 0x22

/** Reads a value as wal2json writes those of its type; a NaN and the infinities are written as null. */
export function readValue(scanner: Wal2jsonScanner, kind: ValueKind): Value {
  if (scanner.take(literalNull)) return null
  switch (kind) {
    case asText:
      scanner.string()
      return isLargeMessage(scanner.bytes) ? scanner.largeText() : scanner.text()
    case asBoolean:
      if (scanner.take(literalTrue)) return true
      scanner.expect(literalFalse)
      return false
    case asBytes:
      scanner.string()
      return (isLargeMessage(scanner.bytes) ? decodeLargeHex : decodeHex)(
        scanner.bytes,
        scanner.start,
        scanner.end,
      )
    default:
      scanner.number()
      return decodeValue(kind, scanner.bytes, scanner.start, scanner.end)
  }
}

/** Moves over a value of any type. */
export function skipValue(scanner: Wal2jsonScanner): void {
  if (scanner.bytes[scanner.at] === quote) return scanner.string()
  if (scanner.take(literalNull) || scanner.take(literalTrue) || scanner.take(literalFalse)) return
  scanner.number()
}
