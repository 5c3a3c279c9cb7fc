import type { Operation } from '../pipeline/processor.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { notWritten } from '../wal/printed-bytes.ts'
import { mostOfSlab } from '../wal/slab.ts'
import type { Slabs } from '../wal/slab.ts'
import { isOrdinary, mostOfRow, writeRowAt } from '../wal/wire-bytes.ts'
import type { OrdinaryEvent } from '../wal/wire-bytes.ts'
import { encodeWireJsonBytes } from '../wal/wire-json.ts'
import type { Assignment } from './assignment.ts'
import { mostOfHeaders, readHeaders, writeHeaders } from './change-headers.ts'
import type { KafkaMessage } from './kafka-client.ts'
import { isKafkaPosition } from './kafka-position.ts'

/** Of a record besides key, value and headers: lengths, attributes, deltas of time and offset, as varints. */
const recordOverhead = 30

const assignmentOf = ({ position }: ChangeEvent): Assignment | null =>
  position !== null && isKafkaPosition(position) ? position.assignment : null

/**
 * A message that waits and is sent. As little as there can be: hundreds of thousands of them may wait, and each collection
 * of garbage looks at whatever they consist of (test/bench/README.md).
 */
export class ChangeMessage implements Operation, KafkaMessage {
  readonly key: Buffer | null
  /** Goes to every partition: rows of its table are in all of them. */
  readonly everywhere: boolean
  /** Holds the value from `start` to `valueEnd`, and behind it up to `end` the headers as a record has them. */
  readonly memory: Buffer
  readonly start: number
  readonly valueEnd: number
  readonly end: number
  /** The headers, where they are not behind the value. */
  readonly apart: Buffer | null
  /** By which it was read, where it comes from Kafka. */
  readonly assignment: Assignment | null
  /** Known when it is sent. */
  partition = 0

  private constructor(
    key: Buffer | null,
    everywhere: boolean,
    assignment: Assignment | null,
    memory: Buffer,
    start: number,
    valueEnd: number,
    end: number,
    apart: Buffer | null,
  ) {
    this.key = key
    this.everywhere = everywhere
    this.assignment = assignment
    this.memory = memory
    this.start = start
    this.valueEnd = valueEnd
    this.end = end
    this.apart = apart
  }

  /** The wire JSON of an event with the headers that name it, in memory of `slabs` if it is short. */
  static of(event: ChangeEvent, key: Buffer | null, slabs: Slabs, everywhere = false): ChangeMessage {
    const written = isOrdinary(event) ? ChangeMessage.#written(event, key, slabs, everywhere) : null
    if (written !== null) return written
    const value = encodeWireJsonBytes(event)
    const headers = Buffer.allocUnsafe(mostOfHeaders)
    const apart = headers.subarray(0, writeHeaders(headers, 0, event))
    return new ChangeMessage(
      key,
      everywhere,
      assignmentOf(event),
      value,
      0,
      value.length,
      value.length,
      apart,
    )
  }

  static #written(
    event: OrdinaryEvent,
    key: Buffer | null,
    slabs: Slabs,
    everywhere: boolean,
  ): ChangeMessage | null {
    const most = mostOfRow(event) + mostOfHeaders
    if (most > mostOfSlab) return null
    const memory = slabs.withRoom(most)
    const start = slabs.used
    const valueEnd = writeRowAt(memory, start, event)
    if (valueEnd === notWritten) return null
    const end = writeHeaders(memory, valueEnd, event)
    slabs.use(end)
    return new ChangeMessage(key, everywhere, assignmentOf(event), memory, start, valueEnd, end, null)
  }

  /** The same for another partition. */
  at(partition: number): ChangeMessage {
    const { key, everywhere, assignment, memory, start, valueEnd, end, apart } = this
    const copy = new ChangeMessage(key, everywhere, assignment, memory, start, valueEnd, end, apart)
    copy.partition = partition
    return copy
  }

  get value(): Buffer {
    return this.memory.subarray(this.start, this.valueEnd)
  }

  get bytes(): Buffer {
    return this.value
  }

  get headers(): Readonly<Record<string, string>> {
    return readHeaders(this.apart ?? this.memory.subarray(this.valueEnd, this.end))
  }

  /** An upper bound of what it takes in a record batch of format 2 (https://kafka.apache.org/documentation/#record). */
  get size(): number {
    return recordOverhead + (this.key?.length ?? 0) + this.end - this.start + (this.apart?.length ?? 0)
  }
}
