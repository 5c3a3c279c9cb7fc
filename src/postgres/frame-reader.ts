import { PgstreamError } from '../errors.ts'
import { allocate, collectShortLived, largeBytes, takeShortLived } from '../wal/allocate.ts'

const headerBytes = 5
/** Postgres makes no message of more than 1 GiB; what says so is none. */
const mostBytes = 2 ** 30 + 1024

/**
 * Cuts what a Postgres server sends into frames: a byte for the type, a length of four bytes that counts itself, the rest
 * (https://www.postgresql.org/docs/current/protocol-overview.html).
 *
 * A frame within one chunk is given where it lies. One that comes in pieces gets memory of exactly its length, once, and
 * is nobody else's when it is given: a row of a gigabyte is in memory once.
 */
export class FrameReader {
  readonly #onFrame: (bytes: Buffer, start: number, end: number) => void
  readonly #header = Buffer.alloc(headerBytes)
  #headerFilled = 0
  #frame: Buffer | null = null
  #filled = 0
  #sinceCollected = 0

  constructor(onFrame: (bytes: Buffer, start: number, end: number) => void) {
    this.#onFrame = onFrame
  }

  /** @throws {PgstreamError} PGSTREAM_PROTOCOL when it is not Postgres that speaks. */
  read(chunk: Buffer): void {
    if (this.#frame === null || this.#frame.length <= largeBytes) takeShortLived(chunk.length)
    let at = this.#goOn(chunk)
    while (at < chunk.length) {
      if (chunk.length - at < headerBytes) {
        this.#headerFilled = chunk.copy(this.#header, 0, at)
        return
      }
      const end = at + frameLength(chunk, at)
      if (end > chunk.length) {
        this.#begin(end - at)
        this.#filled = chunk.copy(this.#frame!, 0, at)
        return
      }
      this.#onFrame(chunk, at, end)
      at = end
    }
  }

  /** Completes what an earlier chunk began, and gives where in this one the next frame begins. */
  #goOn(chunk: Buffer): number {
    let at = 0
    if (this.#headerFilled > 0) {
      at = chunk.copy(this.#header, this.#headerFilled, 0, headerBytes - this.#headerFilled)
      this.#headerFilled += at
      if (this.#headerFilled < headerBytes) return at
      this.#headerFilled = 0
      this.#begin(frameLength(this.#header, 0))
      this.#filled = this.#header.copy(this.#frame!)
    }
    const frame = this.#frame
    if (!frame) return at
    const taken = chunk.copy(frame, this.#filled, at)
    this.#filled += taken
    this.#sinceCollected += taken
    if (this.#sinceCollected > largeBytes) {
      this.#sinceCollected = 0
      collectShortLived()
    }
    if (this.#filled === frame.length) {
      this.#frame = null
      this.#onFrame(frame, 0, frame.length)
    }
    return at + taken
  }

  #begin(length: number): void {
    this.#frame = allocate(length)
    this.#sinceCollected = 0
  }
}

function frameLength(bytes: Buffer, at: number): number {
  const length = 1 + bytes.readUInt32BE(at + 1)
  if (length < headerBytes || length > mostBytes) {
    throw new PgstreamError('PGSTREAM_PROTOCOL', `a frame of ${length} bytes was announced`)
  }
  return length
}
