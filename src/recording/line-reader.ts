import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'

const chunkBytes = 256 * 1024
/** No message of Postgres is larger than 1 GiB, which is less than this much in base64 or JSON of wal2json. */
const longestLine = 1.5 * 1024 ** 3
const newline = 0x0a

/** The lines of a file, in the memory of one chunk and one line. */
export class LineReader {
  readonly #file: FileHandle
  readonly #chunk = Buffer.allocUnsafe(chunkBytes)
  #from = 0
  #to = 0
  #begun: Buffer[] = []
  #begunBytes = 0
  #number = 0

  private constructor(file: FileHandle) {
    this.#file = file
  }

  static async open(path: string): Promise<LineReader> {
    return new LineReader(await open(path))
  }

  /** Of the line that was given last, from 1. */
  get number(): number {
    return this.#number
  }

  /** The next line, without its newline and valid until `fill`; null when the file has to be read on. */
  next(): Buffer | null {
    const end = this.#chunk.indexOf(newline, this.#from)
    if (end < 0 || end >= this.#to) return null
    const line = this.#finish(this.#chunk.subarray(this.#from, end))
    this.#from = end + 1
    return line
  }

  /**
   * Reads on; false at the end of the file.
   * @throws {RangeError} when a line is longer than any can be.
   */
  async fill(): Promise<boolean> {
    if (this.#from < this.#to) {
      this.#begun.push(Buffer.from(this.#chunk.subarray(this.#from, this.#to)))
      this.#begunBytes += this.#to - this.#from
      if (this.#begunBytes > longestLine) {
        this.#number += 1
        throw new RangeError(`it is longer than ${longestLine} bytes`)
      }
    }
    const { bytesRead } = await this.#file.read(this.#chunk, 0, chunkBytes, null)
    this.#from = 0
    this.#to = bytesRead
    return bytesRead > 0
  }

  /** At the end of the file: what stands behind the last newline, as one more line; null when there is nothing. */
  rest(): Buffer | null {
    return this.#begunBytes === 0 ? null : this.#finish(Buffer.alloc(0))
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  #finish(end: Buffer): Buffer {
    this.#number += 1
    if (this.#begunBytes === 0) return end
    const line = Buffer.concat([...this.#begun, end])
    this.#begun = []
    this.#begunBytes = 0
    return line
  }
}
