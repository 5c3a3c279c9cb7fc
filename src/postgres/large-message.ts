import { allocate, largeBytes } from '../wal/allocate.ts'
import { LargeText } from '../wal/large-text.ts'
import type { Value } from '../wal/value.ts'
import { decodeValue, hexStart, unreadable } from './value-decoder.ts'
import { asBytes, asText } from '../wal/value-kind.ts'
import type { ValueKind } from '../wal/value-kind.ts'

/** A shorter value of a large message is made like any other. */
const largeValueBytes = 64 * 1024
const pieceLength = 256 * 1024

/**
 * Such a message is its decoder's: what is made of it may share its memory, and overwrite it. Copies would be gigabytes,
 * and strings cannot be that long.
 */
export const isLargeMessage = (message: Buffer): boolean => message.length > largeBytes

/** Bytes of a message that are to outlive it. */
export const keep = (message: Buffer, start: number, end: number): Buffer =>
  isLargeMessage(message) ? message.subarray(start, end) : Buffer.from(message.subarray(start, end))

const isLong = (start: number, end: number): boolean => end - start > largeValueBytes

/** `decodeValue` for large messages that are read once. @throws {PgstreamError} PGSTREAM_PROTOCOL */
export function decodeLargeValue(kind: ValueKind, bytes: Buffer, start: number, end: number): Value {
  if (isLong(start, end) && kind === asText) return new LargeText(bytes.subarray(start, end))
  if (kind === asBytes) return decodeLargeHex(bytes, hexStart(bytes, start), end)
  return decodeValue(kind, bytes, start, end)
}

/** The same for those that are read more than once. @throws {PgstreamError} PGSTREAM_PROTOCOL */
export function readLargeValue(kind: ValueKind, bytes: Buffer, start: number, end: number): Value {
  if (kind !== asBytes) return decodeLargeValue(kind, bytes, start, end)
  if (!isLong(start, end)) return decodeValue(kind, bytes, start, end)
  const from = hexStart(bytes, start)
  return decodeLargeHex(bytes, from, end, allocate((end - from) >>> 1))
}

/** The text of a JSON string, written where the string is. @throws {PgstreamError} PGSTREAM_PROTOCOL */
export function decodeLargeString(bytes: Buffer, start: number, end: number): LargeText | string {
  const text = unescape(bytes, start, end)
  return isLong(0, text.length) ? new LargeText(text) : text.toString()
}

/** Writes the bytes where their digits are, or into other memory. @throws {PgstreamError} PGSTREAM_PROTOCOL */
export function decodeLargeHex(bytes: Buffer, start: number, end: number, into?: Buffer): Buffer {
  const out = into ?? bytes
  const first = into ? 0 : start
  let to = first
  for (let at = start; at < end; at += pieceLength) {
    to += out.write(bytes.toString('latin1', at, Math.min(end, at + pieceLength)), to, 'hex')
  }
  if ((to - first) * 2 !== end - start) throw unreadable('bytea')
  return out.subarray(first, to)
}

const backslash = 0x5c
const letterU = 0x75
const escapes = new Map(
  Object.entries({ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(
    ([letter, character]) => [letter.charCodeAt(0), character.charCodeAt(0)],
  ),
)

/**
 * What the escapes of JSON stand for, written where they were. wal2json writes `\\u` for control characters only: those
 * are one byte. @throws {PgstreamError} PGSTREAM_PROTOCOL for other ones.
 */
export function unescape(bytes: Buffer, start: number, end: number): Buffer {
  let to = start
  for (let at = start; at < end; at++) {
    let byte = bytes[at]!
    if (byte === backslash) {
      const letter = bytes[++at]!
      if (letter === letterU) {
        byte = parseInt(bytes.toString('latin1', at + 1, at + 5), 16)
        at += 4
        if (!(byte < 0x80)) throw unreadable('string of wal2json')
      } else {
        byte = escapes.get(letter) ?? unknownEscape()
      }
    }
    bytes[to++] = byte
  }
  return bytes.subarray(start, to)
}

function unknownEscape(): never {
  throw unreadable('string of wal2json')
}
