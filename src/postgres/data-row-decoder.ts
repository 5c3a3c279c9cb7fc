import { PgstreamError } from '../errors.ts'
import type { PrintDecoder } from '../wal/printed-change.ts'
import { asText } from '../wal/value-kind.ts'
import type { ValueKind } from '../wal/value-kind.ts'
import type { Value } from '../wal/value.ts'
import { isLargeMessage, readLargeValue } from './large-message.ts'
import { MessageReader } from './message-reader.ts'
import { RowTexts } from './row-texts.ts'
import { decodeValue } from './value-decoder.ts'

/** A row that a query gives, in text (DataRow, https://www.postgresql.org/docs/current/protocol-message-formats.html). */
export class DataRowDecoder implements PrintDecoder {
  readonly #texts = new RowTexts()
  readonly #reader = new MessageReader()

  /**
   * The values of the row at `at`; large texts of a large one share its memory.
   * @throws {PgstreamError} PGSTREAM_PROTOCOL when it has another number of columns, or is cut.
   */
  row(kinds: readonly ValueKind[], bytes: Buffer, at: number): Value[] {
    const decode = isLargeMessage(bytes) ? readLargeValue : decodeValue
    const reader = this.#reader
    reader.reset(bytes)
    reader.at = at
    expectColumns(reader.uint16(), kinds)
    const row = new Array<Value>(kinds.length)
    const texts = this.#texts
    texts.reset(bytes, reader.at)
    for (let i = 0; i < kinds.length; i++) {
      const length = reader.int32()
      if (length === nullLength) {
        row[i] = null
        continue
      }
      const start = reader.advance(length)
      const kind = kinds[i]!
      row[i] =
        kind === asText && texts.isUsed
          ? texts.text(start, start + length)
          : decode(kind, bytes, start, start + length)
    }
    return row
  }

  value(kind: ValueKind, bytes: Buffer, start: number, end: number): Value {
    return decodeValue(kind, bytes, start, end)
  }
}

const nullLength = -1

function expectColumns(count: number, kinds: readonly ValueKind[]): void {
  if (count === kinds.length) return
  throw new PgstreamError(
    'PGSTREAM_PROTOCOL',
    `a row has ${count} columns where ${kinds.length} were described`,
  )
}
