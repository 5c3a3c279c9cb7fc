import { after, before, describe, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { faultyKafka } from '../support/faulty-kafka.ts'
import type { FaultyKafka } from '../support/faulty-kafka.ts'
import { readKafkaWhile } from '../support/kafka-read-while.ts'
import type { Moved } from '../support/kafka-read-while.ts'
import { writeKafkaWhile } from '../support/kafka-write-while.ts'
import type { KafkaFault } from '../support/kafka-proxy.ts'
import { times } from '../support/soak.ts'

const breaks = ['half', 'answer lost', 'silence', 'late'] as const
const readBreaks = ['half', 'answer lost', 'silence'] as const
const outageMs = times(3_000, 60_000)

describe('Kafka that breaks', () => {
  let kafka: FaultyKafka
  before(async () => void (kafka = await faultyKafka()))
  after(async () => kafka[Symbol.asyncDispose]())

  const strike = async (fault: KafkaFault, moved: Moved): Promise<void> => {
    const [struck] = await Promise.all([kafka.proxy.faultNext(fault), moved()])
    await moved()
    if (fault.then === 'late') await struck.arrive()
  }

  const throughProxy = (): { servers: FaultyKafka['broker']['servers']; address: string } => ({
    servers: kafka.broker.servers,
    address: kafka.proxy.address,
  })

  test('under load of a writer: every change is stored once and in order, however requests are lost', async (context) => {
    const said = await writeKafkaWhile(throughProxy(), async ({ moved }) => {
      for (let n = 0; n < times(1, 10); n++) {
        for (const then of breaks) await strike({ of: 'produce', then }, moved)
        kafka.proxy.cut()
        await moved()
      }
    })
    context.diagnostic(said)
  })

  test('under load of a writer: and when brokers are killed, or stopped for a time', async (context) => {
    const said = await writeKafkaWhile(throughProxy(), async ({ moved }) => {
      await kafka.broker.restart('crash')
      await moved()
      await kafka.broker.stop()
      await pause(outageMs)
      await kafka.broker.restart()
      await moved()
    })
    context.diagnostic(said)
  })

  test('under load of a reader: no message is passed over, whatever is lost; what is committed was stored before', async (context) => {
    const said = await readKafkaWhile(throughProxy(), async ({ moved, assertNothingAhead }) => {
      for (let n = 0; n < times(1, 10); n++) {
        for (const then of readBreaks) {
          await strike({ of: 'fetch', then }, moved)
          await strike({ of: 'commit', then }, moved)
        }
      }
      kafka.proxy.cut()
      await moved()
      await kafka.broker.stop('crash')
      await pause(outageMs)
      await kafka.broker.restart()
      await assertNothingAhead()
    })
    context.diagnostic(said)
  })
})
