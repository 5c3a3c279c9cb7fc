import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mock, test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { PgstreamError } from '../../../src/errors.ts'
import { Assignment } from '../../../src/kafka/assignment.ts'
import type { KafkaClient } from '../../../src/kafka/kafka-client.ts'
import { kafkaPosition } from '../../../src/kafka/kafka-position.ts'
import { KafkaWriter } from '../../../src/kafka/kafka-writer.ts'
import type { InsertEvent } from '../../../src/wal/event.ts'
import { insert } from '../../support/events.ts'

const fenced = new PgstreamError('PGSTREAM_KAFKA_FENCED', 'Another has begun.')

/** A writer whose producers of `refused` ids are told that they have been succeeded: no broker does that at a given moment. */
function writerTo(refused: readonly string[]): { writer: KafkaWriter; sent: string[] } {
  const sent: string[] = []
  const client: Partial<KafkaClient> = {
    countPartitions: () => Promise.resolve(1),
    openProducer: (id = 'none') =>
      Promise.resolve({
        send: (_topic, messages) => {
          sent.push(`${id}: ${messages.length}`)
          return refused.includes(id) ? Promise.reject(fenced) : Promise.resolve()
        },
        close: () => Promise.resolve(),
      }),
    close: () => Promise.resolve(),
  }
  const options = { servers: 'nobody', topic: 't', transactionalId: 'name' }
  return { writer: new KafkaWriter(options, client as KafkaClient), sent }
}

const read = (n: number, assignment: Assignment): InsertEvent => ({
  ...insert(n),
  position: kafkaPosition(assignment, BigInt(n)),
})

test('each partition that is read has a transactional id of its own, and a new producer when it comes again', async () => {
  const { writer, sent } = writerTo([])
  const [zero, one, again] = [new Assignment(0, 1), new Assignment(1, 2), new Assignment(0, 3)]
  for (const event of [read(1, zero), read(2, one), read(3, zero)]) writer.write(event)
  await new Promise((resolve) => writer.write(insert(4), resolve))
  zero.end()
  writer.write(read(5, zero)) // is left to whoever has the partition
  await new Promise((resolve) => writer.write(read(6, again), resolve))
  const messages = (id: string): number =>
    sent.reduce((sum, one) => sum + (one.startsWith(`${id}: `) ? Number(one.split(' ')[1]) : 0), 0)
  assert.deepEqual([messages('name/0'), messages('name/1'), messages('name')], [3, 1, 1])
  writer.destroy()
  await once(writer, 'close')
})

test('who is fenced off before they know that a partition is lost waits until they do, and confirms nothing before', async () => {
  const { writer, sent } = writerTo(['name/0'])
  const [lost, kept] = [new Assignment(0, 1), new Assignment(1, 2)]
  let isDone = false
  writer.write(read(1, lost), () => (isDone = true))
  const behind = new Promise((resolve) => writer.write(read(2, kept), resolve))
  while (sent.length === 0) await nextTurn()
  for (let n = 0; n < 10; n++) await nextTurn()
  assert.equal(isDone, false)
  lost.end()
  await behind
  assert.ok(isDone)
  assert.deepEqual(sent, ['name/0: 1', 'name/1: 1'])
  writer.destroy()
  await once(writer, 'close')
})

test('if they never do, the stream ends: somebody else uses the name', async () => {
  const { writer, sent } = writerTo(['name/0'])
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    const failed = once(writer, 'error')
    writer.write(read(1, new Assignment(0, 1)))
    while (sent.length === 0) await nextTurn()
    for (let n = 0; n < 10; n++) await nextTurn()
    mock.timers.tick(120_000)
    const [error] = (await failed) as [PgstreamError]
    assert.equal(error.code, 'PGSTREAM_KAFKA_FENCED')
  } finally {
    mock.timers.reset()
  }
})
