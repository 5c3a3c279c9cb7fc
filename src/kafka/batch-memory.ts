/** Larger ones are not kept: a row can have hundreds of megabytes. */
const mostBytes = 4 * 1024 * 1024
const mostSpares = 8
/** A batch that is a little larger than the last still fits. */
const step = 64 * 1024

/**
 * Memory of record batches, used again when they are stored: new memory of a megabyte for each would cost as much as what
 * is written into it.
 */
export class BatchMemory {
  readonly #spares: Buffer[] = []

  take(bytes: number): Buffer {
    const at = this.#spares.findIndex(({ length }) => length >= bytes)
    const [spare] = at < 0 ? [] : this.#spares.splice(at, 1)
    const whole = spare ?? Buffer.allocUnsafeSlow(bytes > mostBytes ? bytes : Math.ceil(bytes / step) * step)
    return whole.subarray(0, bytes)
  }

  /** Of what `take` gave: nobody reads it any more. */
  giveBack({ buffer }: Buffer): void {
    if (buffer.byteLength <= mostBytes && this.#spares.length < mostSpares)
      this.#spares.push(Buffer.from(buffer))
  }
}
