/** Where a byte stream is struck, counted from its beginning. */
export interface StrikePlace {
  /** Behind so many whole frames. */
  readonly afterFrames?: number | undefined
  /** In the middle of this frame; the first is 1. */
  readonly insideFrame?: number | undefined
  /** Behind so many bytes. */
  readonly afterBytes?: number | undefined
}

const headerBytes = 5

/**
 * Follows the frames that a Postgres server sends: a byte for the type, a length of four bytes that counts itself, the
 * rest (https://www.postgresql.org/docs/current/protocol-overview.html).
 */
export class FrameFollower {
  /** Frames that have passed as a whole. */
  frames = 0
  bytes = 0
  /** Of the frame that is passing; 0 between frames. */
  #frameBytes = 0
  #passedOfFrame = 0
  /** The beginning of a header, kept until its length is known. */
  #kept: Buffer = Buffer.alloc(0)

  /**
   * What may pass of these bytes, and of what was kept before, in front of the place; `struck` when that was reached.
   * Behind it nothing is followed any more.
   */
  take(chunk: Buffer, place: StrikePlace): { readonly passed: Buffer; readonly struck: boolean } {
    const bytes = this.#kept.length > 0 ? Buffer.concat([this.#kept, chunk]) : chunk
    this.#kept = Buffer.alloc(0)
    let at = 0
    for (;;) {
      if (this.#frameBytes === 0 && bytes.length - at >= headerBytes) {
        this.#frameBytes = 1 + bytes.readUInt32BE(at + 1)
        this.#passedOfFrame = 0
      }
      const left = this.#leftBefore(place)
      if (left <= 0) return { passed: bytes.subarray(0, at), struck: true }
      if (this.#frameBytes === 0) {
        this.#kept = Buffer.from(bytes.subarray(at))
        return { passed: bytes.subarray(0, at), struck: false }
      }
      const step = Math.min(left, bytes.length - at, this.#frameBytes - this.#passedOfFrame)
      if (step === 0) return { passed: bytes, struck: false }
      at += step
      this.bytes += step
      this.#passedOfFrame += step
      if (this.#passedOfFrame < this.#frameBytes) continue
      this.frames++
      this.#frameBytes = 0
    }
  }

  /** Bytes of the frame that is passing, or begins, which lie before the place; 0 or less at the place. */
  #leftBefore({ afterFrames, insideFrame, afterBytes }: StrikePlace): number {
    const left: number[] = [Infinity]
    if (afterFrames !== undefined && this.frames >= afterFrames) left.push(0)
    if (afterBytes !== undefined) left.push(afterBytes - this.bytes)
    if (insideFrame !== undefined && this.frames === insideFrame - 1 && this.#frameBytes > 0)
      left.push(Math.floor(this.#frameBytes / 2) - this.#passedOfFrame)
    return Math.min(...left)
  }
}
