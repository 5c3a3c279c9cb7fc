import { createReadStream } from 'node:fs'
import { open, stat, truncate, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { createInterface } from 'node:readline'

const tailBytes = 128 * 1024

/** The file that one process after the other appends lines to. A line that is whole counts as durable. */
export class ChangesFile {
  readonly path: string
  /** Where the lines of each process end. */
  readonly #ends: number[] = []
  /** Processes whose last line was not whole. */
  torn = 0

  private constructor(path: string) {
    this.path = path
  }

  static async create(path: string): Promise<ChangesFile> {
    await writeFile(path, '')
    return new ChangesFile(path)
  }

  /** For the output of a process. */
  async append(): Promise<FileHandle> {
    return open(this.path, 'a')
  }

  async size(): Promise<number> {
    return (await stat(this.path)).size
  }

  /** The transaction of the last whole line. */
  async lastXid(): Promise<number | null> {
    const tail = await this.#tail()
    const end = tail.lastIndexOf('\n')
    const found = [
      ...tail
        .subarray(0, Math.max(end, 0))
        .toString('latin1')
        .matchAll(/"xid":(\d+)[,}]/g),
    ].at(-1)
    return found ? Number(found[1]) : null
  }

  /** After the end of a process: what it began to write and did not finish never happened. */
  async endProcess(): Promise<void> {
    const size = await this.size()
    const tail = await this.#tail()
    const whole = size - (tail.length - 1 - tail.lastIndexOf('\n'))
    if (whole < size) {
      this.torn++
      await truncate(this.path, whole)
    }
    this.#ends.push(whole)
  }

  /** Whole lines, and `null` at the end of each process. */
  async *lines(): AsyncGenerator<string | null> {
    let from = 0
    for (const end of this.#ends) {
      if (end > from) {
        const input = createReadStream(this.path, { start: from, end: end - 1 })
        for await (const line of createInterface({ input, crlfDelay: Infinity })) yield line
      }
      yield null
      from = end
    }
  }

  async #tail(): Promise<Buffer> {
    await using file = await open(this.path)
    const { size } = await file.stat()
    const from = Math.max(0, size - tailBytes)
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - from), 0, size - from, from)
    return buffer.subarray(0, bytesRead)
  }
}
