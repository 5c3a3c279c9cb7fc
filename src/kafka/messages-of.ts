import type { Operation } from '../pipeline/processor.ts'
import type { ChangeEvent, DeleteEvent, InsertEvent, UpdateEvent } from '../wal/event.ts'
import { formatLsn } from '../wal/lsn.ts'
import type { Row } from '../wal/value.ts'
import { encodeWireJsonBytes } from '../wal/wire-json.ts'
import { keyOf, rowKey } from './message-key.ts'
import type { Assignment } from './assignment.ts'
import { isKafkaPosition } from './kafka-position.ts'
import type { KeyOf, MessageKey } from './message-key.ts'

/** A message that waits; its partition is known when it is sent. */
export interface QueuedMessage extends Operation {
  readonly key: Buffer | null
  readonly headers: Readonly<Record<string, string>>
  /** Goes to every partition: rows of its table are in all of them. */
  readonly everywhere: boolean
  /** By which it was read, where it comes from Kafka. */
  readonly assignment: Assignment | null
}

/**
 * What is sent for an event. One message; with the key of the row, a key that changed makes two: the old row is deleted
 * under its key and the new one inserted under the other, because nothing holds the order between the two. With that key,
 * TRUNCATE concerns all partitions.
 */
export function messagesOf(event: ChangeEvent, key: MessageKey | KeyOf): readonly QueuedMessage[] {
  if (event.kind === 'message') return [message(event, null)]
  if (typeof key === 'function') return [message(event, key(event))]
  if (key !== 'primary_key') return [message(event, keyOf(event, key))]
  if (event.kind === 'truncate') return [{ ...message(event, keyOf(event, key)), everywhere: true }]
  if (event.kind !== 'update' || event.old === null) return [message(event, keyOf(event, key))]

  const oldKey = rowKey(event, event.old)
  const newKey = rowKey(event, event.values)
  if (oldKey === newKey) return [message(event, newKey)]
  const [removed, added] = inTwo(event, event.old)
  return [message(removed, oldKey), message(added, newKey)]
}

function inTwo(event: UpdateEvent, old: Row): [DeleteEvent, InsertEvent] {
  const { commitLsn, ordinal, lsn, xid, commitTime, position, translation, relation, values } = event
  const same = { commitLsn, ordinal, lsn, xid, commitTime, position, translation, relation }
  return [
    { kind: 'delete', ...same, old },
    { kind: 'insert', ...same, values },
  ]
}

function message(event: ChangeEvent, key: string | Buffer | null): QueuedMessage {
  return {
    bytes: encodeWireJsonBytes(event),
    key: typeof key === 'string' ? keyBytes(key) : key,
    headers: {
      'pgstream-lsn': formatLsn(event.lsn),
      'pgstream-commit-lsn': formatLsn(event.commitLsn),
      'pgstream-ordinal': String(event.ordinal),
      'content-type': 'application/json',
    },
    everywhere: false,
    assignment: event.position && isKafkaPosition(event.position) ? event.position.assignment : null,
  }
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
