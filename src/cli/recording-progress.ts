import { formatBytes } from '../telemetry/format.ts'
import type { KeepaliveEvent } from '../wal/event.ts'
import type { PluginMessage } from '../wal/plugin-message.ts'

const tickMs = 250
const clearLine = '\r\u001b[2K'
const rowActions = 'IUD'

/** Counts what is recorded, and shows it on a terminal while it grows. */
export class RecordingProgress {
  messages = 0
  rows = 0
  transactions = 0
  readonly #output: NodeJS.WriteStream
  readonly #timer: NodeJS.Timeout | undefined

  constructor(output: NodeJS.WriteStream, bytesOnDisk: () => number) {
    this.#output = output
    if (!output.isTTY) return
    const show = (): void => void output.write(`${clearLine}${this.describe(bytesOnDisk())}`)
    this.#timer = setInterval(show, tickMs)
  }

  take(message: PluginMessage | KeepaliveEvent): void {
    if (message.kind === 'keepalive') return
    this.messages += 1
    if (rowActions.includes(message.action)) this.rows += 1
    if (message.action === 'C') this.transactions += 1
  }

  /** `1,234 rows in 12 transactions, 5.2 MB on disk`. */
  describe(bytes: number): string {
    const count = (n: number, word: string): string =>
      `${n.toLocaleString('en')} ${word}${n === 1 ? '' : 's'}`
    return `${count(this.rows, 'row')} in ${count(this.transactions, 'transaction')}, ${formatBytes(bytes)} on disk`
  }

  end(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#output.write(clearLine)
  }
}
