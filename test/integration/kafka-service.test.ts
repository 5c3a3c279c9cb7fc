import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KafkaConfig, SASLOptions } from 'kafkajs'
import { kafkaClient } from '../services/kafka-client.ts'
import { kafkaProtocols } from '../services/kafka-servers.ts'
import type { KafkaProtocol } from '../services/kafka-servers.ts'
import { kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { kcatIsThere, readTopic, readWithKafkajs, readWithKcat } from '../support/read-topic.ts'

const servers = kafkaServers()
const skip = kcatIsThere() || process.env['CI'] === 'true' ? false : 'kcat is not installed'

/** The client's settings for each way of saying who one is that a listener knows. */
function logins(protocol: KafkaProtocol, password = servers.password): Partial<KafkaConfig>[] {
  if (!protocol.startsWith('SASL')) return [{}]
  const user = { username: servers.username, password }
  const options: SASLOptions[] = [
    { mechanism: 'plain', ...user },
    { mechanism: 'scram-sha-256', ...user },
    { mechanism: 'scram-sha-512', ...user },
  ]
  return options.map((sasl) => ({ sasl }))
}

async function send(client: ReturnType<typeof kafkaClient>, topic: string, value: Buffer): Promise<void> {
  const producer = client.producer()
  await producer.connect()
  try {
    await producer.send({ topic, messages: [{ key: 'key', value, headers: { name: 'value' } }] })
  } finally {
    await producer.disconnect()
  }
}

for (const protocol of kafkaProtocols) {
  test(`${protocol}: what is sent is received, with every mechanism`, async () => {
    for (const login of logins(protocol)) {
      await using topic = await temporaryTopic()
      const client = kafkaClient(servers, protocol, login)
      await send(client, topic.name, Buffer.from(protocol))
      const received = await readWithKafkajs(topic.name, client)
      assert.deepEqual(
        received.map(({ key, value, headers }) => [String(key), String(value), headers]),
        [['key', protocol, { name: 'value' }]],
      )
    }
  })
}

test('a wrong password is refused at once', async () => {
  for (const protocol of ['SASL_PLAINTEXT', 'SASL_SSL'] as const) {
    for (const login of logins(protocol, 'wrong')) {
      const admin = kafkaClient(servers, protocol, login).admin()
      const start = performance.now()
      await assert.rejects(admin.connect(), { name: 'KafkaJSSASLAuthenticationError' })
      assert.ok(performance.now() - start < 5000)
      await admin.disconnect()
    }
  }
})

test('TLS is refused by a client that does not know the authority', async () => {
  for (const protocol of ['SASL_SSL', 'SSL'] as const) {
    const admin = kafkaClient(servers, protocol, { ssl: true, retry: { retries: 0 } }).admin()
    await assert.rejects(admin.connect(), /self-signed certificate|unable to verify/)
    await admin.disconnect()
  }
})

test('a topic is there with its partitions and settings until disposed, and none is made by naming it', async () => {
  const admin = kafkaClient(servers, 'PLAINTEXT', { retry: { retries: 1 } }).admin()
  await admin.connect()
  try {
    const topic = await temporaryTopic({ partitions: 6, config: { 'max.message.bytes': '2000' } })
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic.name] })
    assert.equal(topics[0]?.partitions.length, 6)
    await assert.rejects(send(kafkaClient(servers), topic.name, Buffer.alloc(3000)), {
      type: 'MESSAGE_TOO_LARGE',
    })
    await topic[Symbol.asyncDispose]()
    await assert.rejects(admin.fetchTopicMetadata({ topics: [topic.name] }), /does not host this topic/)
  } finally {
    await admin.disconnect()
  }
})

test('kcat and kafkajs read the same of every byte, null, header and partition', { skip }, async () => {
  const everyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))
  await using topic = await temporaryTopic({ partitions: 3 })
  const producer = kafkaClient(servers).producer()
  await producer.connect()
  await producer.send({
    topic: topic.name,
    messages: [
      { partition: 2, key: everyByte, value: everyByte, headers: { one: 'a,b=c', two: 'ü\n"\\' } },
      { partition: 0, key: null, value: null, timestamp: '1700000000123' },
      { partition: 0, key: '', value: '' },
    ],
  })
  await producer.disconnect()

  const seen = await readWithKcat(topic.name, servers)

  assert.deepEqual(
    seen.map(({ partition, offset, key, value, headers }) => ({ partition, offset, key, value, headers })),
    [
      { partition: 0, offset: 0, key: null, value: null, headers: {} },
      { partition: 0, offset: 1, key: Buffer.of(), value: Buffer.of(), headers: {} },
      { partition: 2, offset: 0, key: everyByte, value: everyByte, headers: { one: 'a,b=c', two: 'ü\n"\\' } },
    ],
  )
  assert.equal(seen[0]?.timestamp, 1_700_000_000_123)
  assert.deepEqual(await readWithKafkajs(topic.name, kafkaClient(servers)), seen)
  assert.deepEqual(await readTopic(topic.name), seen)
})
