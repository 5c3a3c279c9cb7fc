import { after, before, describe, test } from 'node:test'
import type { Admin } from 'kafkajs'
import type { KafkaBroker } from '../services/kafka-broker.ts'
import { kafkaClient } from '../services/kafka-client.ts'
import { startKafka } from '../support/kafka.ts'
import { readKafkaWhile } from '../support/kafka-read-while.ts'
import type { Moved } from '../support/kafka-read-while.ts'
import { writeKafkaWhile } from '../support/kafka-write-while.ts'
import { times } from '../support/soak.ts'
import { eventually } from '../support/wait.ts'

const nobody = -1
/** Groups outlive a broker, too. */
const settings = { 'offsets.topic.replication.factor': '2' }

describe('two brokers, of which the second goes', () => {
  let first: KafkaBroker
  let second: KafkaBroker
  before(async () => {
    first = await startKafka({ settings })
    second = await startKafka({ settings, joins: first })
  })
  after(async () => {
    await second[Symbol.asyncDispose]()
    await first[Symbol.asyncDispose]()
  })

  const both = (): { servers: KafkaBroker['servers']; address: string } => ({
    servers: first.servers,
    address: `${second.servers.address.PLAINTEXT},${first.servers.address.PLAINTEXT}`,
  })

  async function ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const admin = kafkaClient(first.servers, 'PLAINTEXT', { retry: { retries: 0 } }).admin()
    try {
      await admin.connect()
      return await question(admin)
    } finally {
      await admin.disconnect()
    }
  }

  /** Partition 0: who leads it, and how many have all of it. */
  async function partitionOf(topic: string): Promise<{ leader: number; inSync: number }> {
    try {
      const { topics } = await ask((admin) => admin.fetchTopicMetadata({ topics: [topic] }))
      const { leader, isr } = topics[0]!.partitions.find(({ partitionId }) => partitionId === 0)!
      return { leader, inSync: isr.length }
    } catch (error) {
      // kafkajs says nothing of a topic of which one partition has no leader
      if (!String((error as Error).message).includes('There is no leader')) throw error
      return { leader: nobody, inSync: 0 }
    }
  }

  const untilLedBy = (leader: number, topic: string, inSync = 0): Promise<unknown> =>
    eventually(
      async () => {
        const now = await partitionOf(topic)
        return now.leader === leader && now.inSync >= inSync
      },
      { about: `Broker ${leader} leads`, timeoutMs: 60_000, every: 100 },
    )

  /** Partition 0 has its leader there, and all replicas are in sync. */
  async function moveTo(topic: string, replicas: number[]): Promise<void> {
    const partitionAssignment = [{ partition: 0, replicas }]
    await ask((admin) => admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] }))
    await untilLedBy(replicas[0]!, topic, replicas.length)
  }

  /** It dies and comes back, is stopped and comes back; meanwhile partition 0 of the topic moves away and back. */
  async function trouble(topic: string, moved: Moved): Promise<void> {
    for (let n = 0; n < times(1, 5); n++) {
      for (const mode of ['crash', 'clean'] as const) {
        await moveTo(topic, [2])
        await moveTo(topic, [2, 1])
        await moved()
        await second.stop(mode)
        await untilLedBy(1, topic)
        await second.restart()
        await moved()
      }
    }
  }

  test('a writer goes on with the new leader, and waits for a partition that has none: each change once and in order', async (context) => {
    // the second topic has partitions that nobody leads while the second broker is away
    const replicas = { total: [[2, 1]], keyed: [[2], [1], [2]] }
    const said = await writeKafkaWhile({ ...both(), replicas }, ({ total, moved }) => trouble(total, moved))
    context.diagnostic(said)
  })

  test('a reader does the same: no message is passed over', async (context) => {
    const replicas = [
      [2, 1],
      [1, 2],
    ]
    const said = await readKafkaWhile(
      { ...both(), replicas },
      async ({ topic, moved, assertNothingAhead }) => {
        await trouble(topic, moved)
        await assertNothingAhead()
      },
    )
    context.diagnostic(said)
  })

  test('a reader waits for a partition that nobody leads', async (context) => {
    const said = await readKafkaWhile(
      { ...both(), replicas: [[2], [1]] },
      async ({ topic, moved, assertNothingAhead }) => {
        for (const mode of ['crash', 'clean'] as const) {
          await second.stop(mode)
          await untilLedBy(nobody, topic)
          await second.restart()
          await assertNothingAhead()
          await moved()
        }
      },
    )
    context.diagnostic(said)
  })
})
