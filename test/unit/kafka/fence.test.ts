import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { Fence, FenceState } from '../../../src/kafka/fence.ts'
import { errorOfCode } from '../../../src/kafka/kafkajs-cluster.ts'
import type { KafkajsCluster, ProducerIdentity } from '../../../src/kafka/kafkajs-cluster.ts'
import { heardLogger } from '../../support/heard-logger.ts'

const coordinatorNotAvailable = 15
const own: ProducerIdentity = { producerId: 7n, producerEpoch: 0 }

test('a cluster that has no coordinator of transactions is asked for half a minute, then written to without', async () => {
  const now = mock.method(performance, 'now', () => 0)
  try {
    const { logger, lines } = heardLogger()
    const options = { fences: new FenceState(), logger }
    const fence = new Fence({ ...options, transactionalId: 'name' })
    const cluster: Partial<KafkajsCluster> = {
      nextIdentity: () => Promise.reject(errorOfCode(coordinatorNotAvailable)),
      newIdentity: () => Promise.resolve(own),
    }
    const ask = (): Promise<ProducerIdentity> => fence.identity(cluster as KafkajsCluster, 1)
    for (const seconds of [10, 25, 39]) {
      now.mock.mockImplementation(() => seconds * 1_000)
      await assert.rejects(ask(), { type: 'GROUP_COORDINATOR_NOT_AVAILABLE' })
    }
    assert.deepEqual(lines, [])
    now.mock.mockImplementation(() => 41_000)
    assert.equal(await ask(), own)
    assert.equal(fence.isUp, false)
    const another = new Fence({ ...options, transactionalId: 'another name' })
    assert.equal(await another.identity(cluster as KafkajsCluster, 1), own)
    assert.deepEqual(
      lines.map(({ level }) => level),
      ['warn'],
      'it is told once',
    )
  } finally {
    now.mock.restore()
  }
})
