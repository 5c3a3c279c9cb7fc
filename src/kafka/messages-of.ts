import type { ChangeEvent, DeleteEvent, InsertEvent, UpdateEvent } from '../wal/event.ts'
import { slabs } from '../wal/slab.ts'
import type { Slabs } from '../wal/slab.ts'
import type { Row } from '../wal/value.ts'
import { ChangeMessage } from './change-message.ts'
import { keyOf, rowKey } from './message-key.ts'
import type { KeyOf, MessageKey } from './message-key.ts'

/**
 * What is sent for an event. One message; with the key of the row, a key that changed makes two: the old row is deleted
 * under its key and the new one inserted under the other, because nothing holds the order between the two. With that key,
 * TRUNCATE concerns all partitions. Short ones stand in `memory`.
 */
export function messagesOf(
  event: ChangeEvent,
  key: MessageKey | KeyOf,
  memory: Slabs = slabs,
): readonly ChangeMessage[] {
  const message = (of: ChangeEvent, its: string | Buffer | null, everywhere = false): ChangeMessage =>
    ChangeMessage.of(of, typeof its === 'string' ? keyBytes(its) : its, memory, everywhere)
  if (event.kind === 'message') return [message(event, null)]
  if (typeof key === 'function') return [message(event, keyGiven(key(event)))]
  if (key !== 'primary_key') return [message(event, keyOf(event, key))]
  if (event.kind === 'truncate') return [message(event, keyOf(event, key), true)]
  if (event.kind !== 'update' || event.old === null) return [message(event, keyOf(event, key))]

  const oldKey = rowKey(event, event.old)
  const newKey = rowKey(event, event.values)
  if (oldKey === newKey) return [message(event, newKey)]
  const [removed, added] = inTwo(event, event.old)
  return [message(removed, oldKey), message(added, newKey)]
}

/** Whoever calls from JavaScript is told what is wrong, and not what came of it. */
function keyGiven(key: unknown): string | Buffer | null {
  if (key === null || typeof key === 'string' || Buffer.isBuffer(key)) return key
  throw new TypeError(
    `The key function of a Kafka writer gave ${typeof key}, not a string, a Buffer or null.`,
  )
}

function inTwo(event: UpdateEvent, old: Row): [DeleteEvent, InsertEvent] {
  const { commitLsn, ordinal, lsn, xid, commitTime, position, translation, relation, values } = event
  const same = { commitLsn, ordinal, lsn, xid, commitTime, position, translation, relation }
  return [
    { kind: 'delete', ...same, old },
    { kind: 'insert', ...same, values },
  ]
}

let lastKey: string | null = null
let lastKeyBytes: Buffer = Buffer.alloc(0)

/** Most changes have the key of the one before. */
function keyBytes(key: string): Buffer {
  if (key === lastKey) return lastKeyBytes
  lastKey = key
  lastKeyBytes = Buffer.from(key)
  return lastKeyBytes
}
