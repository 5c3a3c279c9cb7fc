import { fileURLToPath } from 'node:url'
import { openRecordedDecoder } from '../../src/postgres/open-decoder.ts'
import type { MessageDecoder } from '../../src/pipeline/contracts.ts'
import { RecordingReader } from '../../src/recording/recording-reader.ts'
import type { RecordedMessage } from '../../src/recording/recording-reader.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import type { ChangeEvent, CommitEvent } from '../../src/wal/event.ts'
import type { OutputPlugin } from '../../src/wal/plugin-message.ts'

/** A recorded stream in memory, to be decoded over and over. */
export interface RecordedMessages {
  readonly name: string
  readonly plugin: OutputPlugin
  readonly messages: readonly RecordedMessage[]
  /** A decoder that has read the first messages, and all events that it gave since. */
  decoderBehind(count: number): { decoder: MessageDecoder; events: (ChangeEvent | CommitEvent)[] }
}

/** Of `fixtures/recordings`. */
export async function recordedMessages(name: string): Promise<RecordedMessages> {
  const path = fileURLToPath(new URL(`../../fixtures/recordings/${name}`, import.meta.url))
  const reader = await RecordingReader.open(path)
  const facts: unknown[] = []
  const messages: RecordedMessage[] = []
  try {
    do {
      for (let next = reader.next(); next; next = reader.next()) {
        if ('known' in next) facts.push(next.known)
        else messages.push({ lsn: next.lsn, data: Buffer.from(next.data) })
      }
    } while (await reader.fill())
  } finally {
    await reader.close()
  }
  const { plugin } = reader
  return {
    name,
    plugin,
    messages,
    decoderBehind: (count) => {
      const events: (ChangeEvent | CommitEvent)[] = []
      const opened = openRecordedDecoder(
        plugin,
        (event) => events.push(event),
        silentLogger,
        () => undefined,
      )
      const { decoder } = opened
      for (const fact of facts) opened.know(fact)
      for (const { data, lsn } of messages.slice(0, count)) decoder.decode(data, lsn)
      events.length = 0
      return { decoder, events }
    },
  }
}
