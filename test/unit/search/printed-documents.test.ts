import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { openDecoder } from '../../../src/postgres/open-decoder.ts'
import { nothingKnown } from '../../../src/postgres/source-knowledge.ts'
import { Encoder } from '../../../src/search/encoder.ts'
import { withLines } from '../../../src/search/search-operation.ts'
import type { StoreOperation } from '../../../src/search/search-operation.ts'
import { silentLogger } from '../../../src/telemetry/logger.ts'
import { translator } from '../../../src/translator/translator.ts'
import { isPositionOnly } from '../../../src/wal/event.ts'
import type { ChangeEvent, WalEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import { PrintedChange } from '../../../src/wal/printed-change.ts'
import { recordedMessages } from '../../support/recorded-messages.ts'

interface Message {
  readonly data: Buffer
  readonly lsn: bigint
}

async function changesOf(messages: readonly Message[], isPrinted: boolean): Promise<ChangeEvent[]> {
  const events: WalEvent[] = []
  const take = (event: WalEvent): void => void events.push(event)
  const decoder = openDecoder('pgoutput', take, silentLogger, nothingKnown(), isPrinted)
  for (const message of messages) decoder.decode(Buffer.from(message.data), lsn(message.lsn))
  const translated = (await Readable.from(events).pipe(translator()).toArray()) as WalEvent[]
  return translated.filter((event): event is ChangeEvent => !isPositionOnly(event))
}

function documentsOf(changes: readonly ChangeEvent[], objectType: 'flat_object' | null): unknown[] {
  const abilities = { objectType }
  let kept = 0
  const encoder = new Encoder({ abilities, prefix: 'p-', logger: silentLogger, onKept: () => kept++ })
  const text = (operation: StoreOperation): unknown => {
    const whole =
      operation.kind === 'change' ? operation : withLines(operation, operation.bytes, operation.hole)
    return { ...whole, bytes: operation.bytes.toString() }
  }
  const documents = changes.map((change) => encoder.encode(change).map(text))
  return [...documents, encoder.skippedRows, kept]
}

for (const name of ['shop.pgoutput.rec', 'types.pgoutput.rec']) {
  test(`documents of ${name} are the same, from what was printed or from values`, async () => {
    const { messages } = await recordedMessages(name)
    const printed = await changesOf(messages, true)
    const made = await changesOf(messages, false)
    for (const objectType of ['flat_object', null] as const)
      assert.deepEqual(documentsOf(printed, objectType), documentsOf(made, objectType))
    const stayed = printed.filter((change) => change instanceof PrintedChange).length
    assert.ok(stayed > 10, `${stayed} changes stayed as they were printed`)
    assert.ok(!made.some((change) => change instanceof PrintedChange))
  })
}
