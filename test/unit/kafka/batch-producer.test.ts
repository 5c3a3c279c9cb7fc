import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BatchProducer } from '../../../src/kafka/batch-producer.ts'
import type { KafkaMessage } from '../../../src/kafka/kafka-client.ts'
import type { KafkajsCluster } from '../../../src/kafka/kafkajs-cluster.ts'
import type { ProduceAnswer, ProduceRequest } from '../../../src/kafka/produce-request.ts'
import { silentLogger } from '../../../src/telemetry/logger.ts'

/** Answers that no broker gives when it is asked to: a code for each partition, or no answer at all. */
type Answer = Readonly<Record<number, number>> | Error

interface Sent {
  readonly node: number
  readonly partition: number
  readonly producerId: number
  readonly sequence: number
  readonly count: number
}

/** Partitions 0 and 1 are led by the nodes 10 and 11, 2 by 10. */
function producerOf(answers: Answer[]): { producer: BatchProducer; sent: Sent[] } {
  const sent: Sent[] = []
  let identities = 0
  const cluster = {
    connect: () => Promise.resolve(),
    leadersOf: () =>
      Promise.resolve(new Map([0, 1, 2].map((partition) => [partition, 10 + (partition % 2)]))),
    newIdentity: () => Promise.resolve({ producerId: BigInt(++identities), producerEpoch: 0 }),
    produce: (node: number, { batches }: ProduceRequest): Promise<ProduceAnswer> => {
      for (const [partition, batch] of batches) {
        const producerId = Number(batch.readBigInt64BE(43))
        sent.push({
          node,
          partition,
          producerId,
          sequence: batch.readInt32BE(53),
          count: batch.readInt32BE(57),
        })
      }
      const answer = answers.shift() ?? {}
      if (answer instanceof Error) return Promise.reject(answer)
      const codes = [...batches.keys()].map((partition): [number, number] => [
        partition,
        answer[partition] ?? 0,
      ])
      return Promise.resolve({ codes: new Map(codes), throttleMs: 0 })
    },
    close: () => undefined,
  }
  const open = (): KafkajsCluster => cluster as unknown as KafkajsCluster
  return {
    producer: new BatchProducer({ open, compression: 'none', replicasMs: 1_000, logger: silentLogger }),
    sent,
  }
}

const message = (partition: number): KafkaMessage => ({
  partition,
  key: null,
  value: Buffer.from('value'),
  headers: {},
})
const never = (_message: KafkaMessage, error: Error): Promise<never> => Promise.reject(error)
const unreachable = { code: 'PGSTREAM_KAFKA_UNREACHABLE' }
const inShort = ({ partition, producerId, sequence, count }: Sent): string =>
  `partition ${partition} producer ${producerId} sequence ${sequence} count ${count}`

test('what one leader has stored is not sent again when another one failed', async () => {
  const { producer, sent } = producerOf([{}, new Error('away')])
  const messages = [message(0), message(1), message(0)]
  await assert.rejects(producer.send('t', messages, never))
  await producer.send('t', messages, never)
  await producer.send('t', [message(0), message(1)], never)
  assert.deepEqual(sent.map(inShort), [
    'partition 0 producer 1 sequence 0 count 2',
    'partition 1 producer 1 sequence 0 count 1',
    'partition 1 producer 1 sequence 0 count 1',
    'partition 0 producer 1 sequence 2 count 1',
    'partition 1 producer 1 sequence 1 count 1',
  ])
})

test('what a broker has twice counts as stored', async () => {
  const { producer, sent } = producerOf([new Error('away'), { 0: 46 }])
  const messages = [message(0)]
  await assert.rejects(producer.send('t', messages, never))
  await producer.send('t', messages, never)
  await producer.send('t', [message(0)], never)
  assert.deepEqual(
    sent.map(({ sequence }) => sequence),
    [0, 0, 1],
  )
})

test('a broker that has forgotten us is met as somebody else, with sequences that begin anew', async () => {
  for (const code of [45, 47, 49, 59]) {
    const { producer, sent } = producerOf([{}, { 0: code }])
    await producer.send('t', [message(0)], never)
    const messages = [message(0), message(2)]
    await assert.rejects(producer.send('t', messages, never), unreachable)
    await producer.send('t', messages, never)
    assert.deepEqual(sent.map(inShort), [
      'partition 0 producer 1 sequence 0 count 1',
      'partition 0 producer 1 sequence 1 count 1',
      'partition 2 producer 1 sequence 0 count 1',
      'partition 0 producer 2 sequence 0 count 1',
    ])
  }
})

test('what became of other messages is not known: the next are sent as somebody else', async () => {
  const { producer, sent } = producerOf([new Error('away')])
  await assert.rejects(producer.send('t', [message(0)], never))
  await producer.send('t', [message(0), message(0)], never)
  assert.deepEqual(sent.map(inShort), [
    'partition 0 producer 1 sequence 0 count 1',
    'partition 0 producer 2 sequence 0 count 2',
  ])
})

test('a batch that is too large is halved until a single message is, which is asked about; those behind it follow', async () => {
  // of four messages, the second is too large
  const { producer, sent } = producerOf([{ 0: 10 }, { 0: 10 }, {}, { 0: 18 }, {}])
  const messages = [message(0), message(0), message(0), message(0), message(2)]
  const asked: KafkaMessage[] = []
  await producer.send('t', messages, (large) => Promise.resolve(void asked.push(large)))
  assert.deepEqual(asked, [messages[1]])
  assert.deepEqual(sent.map(inShort), [
    'partition 0 producer 1 sequence 0 count 4',
    'partition 2 producer 1 sequence 0 count 1',
    'partition 0 producer 1 sequence 0 count 2',
    'partition 0 producer 1 sequence 0 count 1',
    'partition 0 producer 1 sequence 1 count 1',
    'partition 0 producer 1 sequence 1 count 2',
  ])
})

test('a partition that is gone is an error, not a message less', async () => {
  const { producer, sent } = producerOf([])
  await assert.rejects(producer.send('t', [message(7)], never), { code: 'PGSTREAM_KAFKA_TOPIC' })
  assert.deepEqual(sent, [])
})

test('what would be refused again ends the stream; what may pass does not', async () => {
  for (const [code, expected] of [
    [29, 'PGSTREAM_KAFKA_REFUSED'],
    [87, 'PGSTREAM_KAFKA_REFUSED'],
    [6, 'PGSTREAM_KAFKA_UNREACHABLE'],
    [19, 'PGSTREAM_KAFKA_UNREACHABLE'],
    [-1, 'PGSTREAM_KAFKA_UNREACHABLE'],
  ] as const) {
    const { producer } = producerOf([{ 0: code }])
    await assert.rejects(producer.send('t', [message(0)], never), { code: expected })
  }
})

test('what no broker reads is not sent, is told, and does not hold up what comes behind it', async () => {
  const { producer, sent } = producerOf([])
  const large = { ...message(0), value: Buffer.alloc(101 * 2 ** 20) }
  const told: string[] = []
  await producer.send('t', [message(0), large, message(0), message(1)], (_message, error) => {
    told.push(error.code)
    return Promise.resolve()
  })
  assert.deepEqual(told, ['PGSTREAM_KAFKA_MESSAGE_TOO_LARGE'])
  assert.deepEqual(
    sent.filter(({ partition }) => partition === 0).map(({ count }) => count),
    [1, 1],
  )
  await assert.rejects(
    producer.send('t', [large], (_message, error) => Promise.reject(error)),
    {
      code: 'PGSTREAM_KAFKA_MESSAGE_TOO_LARGE',
    },
  )
})
