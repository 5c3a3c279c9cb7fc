import { PgstreamError } from '../errors.ts'
import type { PrintDecoder } from '../wal/printed-change.ts'
import { asText } from '../wal/value-kind.ts'
import type { ValueKind } from '../wal/value-kind.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Row, Value } from '../wal/value.ts'
import { decodeLargeValue, isLargeMessage } from './large-message.ts'
import { MessageReader } from './message-reader.ts'
import { RowTexts } from './row-texts.ts'
import { decodeValue } from './value-decoder.ts'

const nullValue = 'n'.charCodeAt(0)
const unchangedValue = 'u'.charCodeAt(0)
const textValue = 't'.charCodeAt(0)

/** Rows as pgoutput writes them. */
export class TupleDecoder implements PrintDecoder {
  readonly #texts = new RowTexts()
  readonly #own = new MessageReader()

  /** The row where the reader stands. @throws {PgstreamError} PGSTREAM_PROTOCOL */
  read(reader: MessageReader, kinds: readonly ValueKind[]): Value[] {
    const decode = isLargeMessage(reader.bytes) ? decodeLargeValue : decodeValue
    const count = countOf(reader, kinds)
    const row = new Array<Value>(count)
    const texts = this.#texts
    texts.reset(reader.bytes, reader.at)
    for (let i = 0; i < count; i++) {
      const format = reader.uint8()
      if (format === textValue) {
        const length = reader.int32()
        const start = reader.advance(length)
        const kind = kinds[i]!
        row[i] =
          kind === asText && texts.isUsed
            ? texts.text(start, start + length)
            : decode(kind, reader.bytes, start, start + length)
      } else if (format === nullValue) {
        row[i] = null
      } else if (format === unchangedValue) {
        row[i] = unchangedToast
      } else throw unknownFormat(format)
    }
    return row
  }

  /**
   * Moves behind the row where the reader stands; false if it lacks a large value that did not change.
   * @throws {PgstreamError} PGSTREAM_PROTOCOL
   */
  pass(reader: MessageReader, kinds: readonly ValueKind[]): boolean {
    let isWhole = true
    for (let left = countOf(reader, kinds); left > 0; left--) {
      const format = reader.uint8()
      if (format === textValue) reader.advance(reader.int32())
      else if (format === unchangedValue) isWhole = false
      else if (format !== nullValue) throw unknownFormat(format)
    }
    return isWhole
  }

  row(kinds: readonly ValueKind[], bytes: Buffer, at: number): Row {
    this.#own.reset(bytes)
    this.#own.at = at
    return this.read(this.#own, kinds)
  }

  value(kind: ValueKind, bytes: Buffer, start: number, end: number): Value {
    return decodeValue(kind, bytes, start, end)
  }
}

function countOf(reader: MessageReader, kinds: readonly ValueKind[]): number {
  const count = reader.uint16()
  if (count === kinds.length) return count
  throw new PgstreamError(
    'PGSTREAM_PROTOCOL',
    `a row has ${count} columns where ${kinds.length} were described`,
  )
}

const unknownFormat = (format: number): PgstreamError =>
  new PgstreamError('PGSTREAM_PROTOCOL', `a column value has the unknown format ${format}`)
