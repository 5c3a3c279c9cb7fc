import { PgstreamError } from '../errors.ts'
import type { MessageDecoder } from '../pipeline/contracts.ts'
import { lsn, parseLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { OutputPlugin, PluginMessage } from '../wal/plugin-message.ts'
import { keep } from './large-message.ts'
import { slotPosition } from './slot-position.ts'

/** Of a Commit message of pgoutput: behind its letter, its flags and the LSN of its record. */
const endLsnOffset = 10

/**
 * Stands where a decoder would and passes messages on as they are: what cannot be understood can still be recorded. Of
 * a commit it reads where it ends, so that the slot can move.
 */
export class MessagePasser implements MessageDecoder {
  readonly #plugin: OutputPlugin
  readonly #emit: (message: PluginMessage) => void
  #inTransaction = false

  constructor(plugin: OutputPlugin, emit: (message: PluginMessage) => void) {
    this.#plugin = plugin
    this.#emit = emit
  }

  get inTransaction(): boolean {
    return this.#inTransaction
  }

  decode(bytes: Buffer, lsn: Lsn): void {
    const action = String.fromCharCode(bytes[this.#plugin === 'pgoutput' ? 0 : wal2jsonLetter] ?? 0)
    if (action === 'B') this.#inTransaction = true
    if (action === 'C') this.#inTransaction = false
    const position = action === 'C' ? slotPosition(this.#endOf(bytes)) : null
    this.#emit({ kind: 'plugin-message', action, data: keep(bytes, 0, bytes.length), lsn, position })
  }

  #endOf(commit: Buffer): Lsn {
    try {
      if (this.#plugin === 'pgoutput') return lsn(commit.readBigUInt64BE(endLsnOffset))
      return parseLsn((JSON.parse(commit.toString()) as { nextlsn: string }).nextlsn)
    } catch (cause) {
      throw new PgstreamError('PGSTREAM_PROTOCOL', 'a commit does not say where it ends', { cause })
    }
  }
}

/** Its messages begin with `{"action":"`. */
const wal2jsonLetter = '{"action":"'.length
