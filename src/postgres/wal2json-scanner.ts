import { PgstreamError } from '../errors.ts'
import { lsn } from '../wal/lsn.ts'
import type { LargeText } from '../wal/large-text.ts'
import type { Lsn } from '../wal/lsn.ts'
import { decodeLargeString, isLargeMessage, unescape } from './large-message.ts'

const quote = 0x22
const backslash = 0x5c
const slash = 0x2f

/**
 * Reads a line of wal2json from left to right, byte by byte, because `JSON.parse` would round numbers and because the line
 * need not be JSON: wal2json prints names of types that begin with a quote as they are.
 *
 * What was read last lies in `bytes[start, end)`. Throws PGSTREAM_PROTOCOL for everything that is not what was expected.
 */
export class Wal2jsonScanner {
  bytes: Buffer = Buffer.alloc(0)
  at = 0
  start = 0
  end = 0
  #escaped = false

  reset(bytes: Buffer): void {
    this.bytes = bytes
    this.at = 0
  }

  /** Moves over `expected` if that comes next. */
  take(expected: Uint8Array): boolean {
    const { bytes, at } = this
    const { length } = expected
    for (let i = 0; i < length; i++) if (bytes[at + i] !== expected[i]) return false
    this.at = at + length
    return true
  }

  /** Moves over one byte if that comes next. */
  takeByte(expected: number): boolean {
    if (this.bytes[this.at] !== expected) return false
    this.at++
    return true
  }

  expect(expected: Uint8Array): void {
    if (!this.take(expected)) throw this.damaged()
  }

  expectByte(expected: number): void {
    if (!this.takeByte(expected)) throw this.damaged()
  }

  /** A string with its quotes; what was read is what stands between them. */
  string(): void {
    const { bytes } = this
    this.expectByte(quote)
    this.start = this.at
    this.#escaped = false
    for (let at = this.at; at < bytes.length; at++) {
      const byte = bytes[at]!
      if (byte === quote) {
        this.end = at
        this.at = at + 1
        return
      }
      if (byte === backslash) {
        this.#escaped = true
        at++
      }
    }
    throw this.damaged()
  }

  /** The string that was read last. */
  text(encoding: 'utf8' | 'latin1' = 'utf8'): string {
    const { bytes, start, end } = this
    if (!this.#escaped) return bytes.toString(encoding, start, end)
    try {
      return JSON.parse(bytes.toString(encoding, start - 1, end + 1)) as string
    } catch {
      throw this.damaged()
    }
  }

  /** The string that was read last, of a large message: overwrites it. */
  largeText(): LargeText | string {
    return decodeLargeString(this.bytes, this.start, this.end)
  }

  /** The bytes that the string read last was made of; text has passed through no encoding. Overwrites a large message. */
  contents(): Buffer {
    if (isLargeMessage(this.bytes)) return unescape(this.bytes, this.start, this.end)
    return this.#escaped
      ? Buffer.from(this.text('latin1'), 'latin1')
      : Buffer.from(this.bytes.subarray(this.start, this.end))
  }

  /** The LSN that was read last, as a string. */
  lsn(): Lsn {
    const { bytes, start, end } = this
    let at = start
    let [high, low] = [0, 0]
    for (; at < end && bytes[at] !== slash; at++) high = high * 16 + this.#hexDigit(bytes[at]!)
    const lowFrom = at + 1
    for (at = lowFrom; at < end; at++) low = low * 16 + this.#hexDigit(bytes[at]!)
    if (lowFrom >= end || high > 0xffffffff || low > 0xffffffff) throw this.damaged()
    return lsn((BigInt(high) << 32n) | BigInt(low))
  }

  #hexDigit(byte: number): number {
    if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
    if (byte >= 0x41 && byte <= 0x46) return byte - 0x37
    throw this.damaged()
  }

  /** A number as JSON writes it. */
  number(): void {
    const { bytes } = this
    this.start = this.at
    let at = this.at
    while (isOfNumber(bytes[at])) at++
    if (at === this.start) throw this.damaged()
    this.end = at
    this.at = at
  }

  expectEnd(): void {
    if (this.at !== this.bytes.length) throw this.damaged()
  }

  damaged(): PgstreamError {
    return new PgstreamError(
      'PGSTREAM_PROTOCOL',
      `a line of wal2json of ${this.bytes.length} bytes cannot be understood from byte ${this.at} on`,
    )
  }
}

/** Digits, signs, point and exponent. */
const isOfNumber = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d || byte === 0x2e || byte === 0x2b || byte === 0x65)
