import type { Checkpointer } from '../pipeline/contracts.ts'
import { describeSlot } from '../postgres/describe-slot.ts'
import { slotFacts } from '../postgres/slot-facts.ts'
import { slotMessages } from '../postgres/slot-messages.ts'
import { isSlotPosition } from '../postgres/slot-position.ts'
import { RecordingWriter } from '../recording/recording-writer.ts'
import type { KeepaliveEvent } from '../wal/event.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { PluginMessage } from '../wal/plugin-message.ts'
import { readTarget } from './database-task.ts'
import type { Program } from './program.ts'
import { RecordingProgress } from './recording-progress.ts'
import { streamUntilStopped } from './stream-until-stopped.ts'

export const record: Program = async (flags, file = '') => {
  const { target, logger } = readTarget(flags)
  const { url } = target.source
  const { slot, plugin, database, server, start, current } = await describeSlot(url, target.slotName)
  const peek = flags['peek'] === true

  const listener = slotMessages({ url, slotName: slot, logger })
  const writer = new RecordingWriter({
    file,
    header: { plugin, database, server, slot, start: formatLsn(start) },
    known: slotFacts(url, { plugin, slot }),
    overwrite: flags['force'] === true,
    checkpointer: peek ? unmoved(listener.checkpointer) : listener.checkpointer,
  })
  const progress = new RecordingProgress(process.stderr, () => writer.written)
  listener.on('data', (message: PluginMessage | KeepaliveEvent) => {
    progress.take(message)
    const { position } = message
    const caughtUp = position !== null && isSlotPosition(position) && position.offset >= current
    if (caughtUp && flags['until-caught-up'] === true) listener.stop()
  })
  try {
    await streamUntilStopped({ listener, processor: writer }, logger)
  } finally {
    progress.end()
  }
  const { messages, rows, transactions } = progress
  const confirmed = peek ? null : formatLsn(listener.checkpointer.confirmed)
  if (flags['json'] === true) {
    const report = {
      file,
      database,
      slot,
      plugin,
      start: formatLsn(start),
      confirmed,
      messages,
      rows,
      transactions,
    }
    process.stdout.write(`${JSON.stringify({ ok: true, ...report, bytes: writer.size })}\n`)
    return 0
  }
  const moved = confirmed === null ? 'The slot stays where it was' : `The slot stands at ${confirmed}`
  process.stdout.write(`Recorded ${progress.describe(writer.size)}, in ${file}. ${moved}.\n`)
  return 0
}

/** The source waits for the end of the sink as ever, and hears of no position. */
const unmoved = (checkpointer: Checkpointer): Checkpointer => ({
  open: () => checkpointer.open(),
  checkpoint: () => undefined,
  close: () => checkpointer.close(),
})
