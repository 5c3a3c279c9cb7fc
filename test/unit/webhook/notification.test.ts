import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messagesOf } from '../../../src/kafka/messages-of.ts'
import type { RowEvent } from '../../../src/wal/event.ts'
import { WireJsonReader } from '../../../src/wal/read-wire-json.ts'
import { bodyOf, notificationOf } from '../../../src/webhook/notification.ts'
import { insert } from '../../support/events.ts'

test('the two messages that a topic has of a changed key are two notifications', () => {
  const { values, ...row } = insert(8)
  const update: RowEvent = { ...row, kind: 'update', values, old: [7, null] }
  const reader = new WireJsonReader()
  const ids = messagesOf(update, 'primary_key').map(({ value }) => {
    const event = reader.read(value.toString(), null)
    assert.ok(event.kind === 'insert' || event?.kind === 'delete')
    return notificationOf(event, bodyOf(event), new Map(), () => undefined).id
  })
  assert.deepEqual(ids, ['0/320-0-D', '0/320-0'])
})
