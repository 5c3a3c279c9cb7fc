import assert from 'node:assert/strict'
import { nothingKnown } from '../../src/postgres/source-knowledge.ts'
import { Wal2jsonDecoder } from '../../src/postgres/wal2json.ts'
import type { ChangeEvent, CommitEvent } from '../../src/wal/event.ts'
import type { SchemaLogEntry } from '../../src/wal/schema-log.ts'
import * as lines from './wal2json-lines.ts'

export type Emitted = ChangeEvent | CommitEvent

/** Decodes lines, and learns entries, one after the other. */
export function decode(...stream: (Buffer | SchemaLogEntry)[]): Emitted[] {
  const events: Emitted[] = []
  const decoder = new Wal2jsonDecoder((event) => events.push(event), nothingKnown())
  for (const each of stream) {
    if (Buffer.isBuffer(each)) decoder.decode(each)
    else decoder.learn(each)
  }
  return events
}

/** The only change of a transaction. */
export function only(...stream: (Buffer | SchemaLogEntry)[]): ChangeEvent {
  const events = decode(lines.begin(), ...stream, lines.commit())
  assert.equal(events.length, 2)
  const [event] = events
  assert.ok(event && event.kind !== 'commit')
  return event
}
