import { isAscii } from 'node:buffer'

/** A longer message is read value by value: each text of it would keep the whole in memory. */
const mostBytes = 16 * 1024
const beyondAscii = /[^\0-\x7f]/

/**
 * The texts of one row, cut out of one string. Making a string of bytes is a call out of JavaScript, which costs more than
 * copying most values: with one call instead of six, decoding takes a fifth less (test/bench/README.md).
 */
export class RowTexts {
  #bytes: Buffer = Buffer.alloc(0)
  #from = 0
  #latin = ''
  #isPlain = false

  /** Whether the row is short enough. */
  isUsed = false

  /** A row of this message begins at `at`. */
  reset(message: Buffer, at: number): void {
    this.isUsed = message.length <= mostBytes
    if (!this.isUsed) return
    const row = message.subarray(at)
    this.#bytes = message
    this.#from = at
    this.#latin = row.toString('latin1')
    this.#isPlain = isAscii(row)
  }

  /** What UTF-8 says in the message between these places. */
  text(start: number, end: number): string {
    const text = this.#latin.substring(start - this.#from, end - this.#from)
    // lengths of values may look like something else than ASCII
    return this.#isPlain || !beyondAscii.test(text) ? text : this.#bytes.toString('utf8', start, end)
  }
}
