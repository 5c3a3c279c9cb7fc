import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { KafkaBroker } from '../services/kafka-broker.ts'
import { kafkaClient } from '../services/kafka-client.ts'
import { startKafka, temporaryTopic } from '../support/kafka.ts'
import { readTopic } from '../support/read-topic.ts'
import { redirect } from '../support/redirect.ts'
import { eventually } from '../support/wait.ts'

test('a private broker has the settings and the address asked for, and keeps its data over restart and crash', async () => {
  await using proxy = await redirect()
  await using broker = await startKafka({
    settings: { 'message.max.bytes': '5000' },
    advertise: (own) => {
      proxy.to(`kafka://${own.PLAINTEXT}`)
      return { PLAINTEXT: new URL(proxy.of('kafka://127.0.0.1')).host }
    },
  })
  const { servers } = broker
  await using topic = await temporaryTopic({ servers })
  const send = async (value: Buffer): Promise<void> => {
    const producer = kafkaClient(servers, 'PLAINTEXT', { retry: { retries: 2 } }).producer()
    await producer.connect()
    await producer.send({ topic: topic.name, messages: [{ value }] }).finally(() => producer.disconnect())
  }
  await assert.rejects(send(Buffer.alloc(6000)), { type: 'MESSAGE_TOO_LARGE' })

  await send(Buffer.from('first'))
  await broker.restart('crash')
  await send(Buffer.from('second'))
  await broker.restart()
  await send(Buffer.from('third'))
  assert.deepEqual(
    (await readTopic(topic.name, servers)).map(({ value }) => String(value)),
    ['first', 'second', 'third'],
  )

  proxy.to(null)
  await assert.rejects(send(Buffer.from('fourth')), 'clients come to the advertised address')
  await broker.stop()
  assert.ok(existsSync(broker.folder))
  await broker[Symbol.asyncDispose]()
  assert.ok(!existsSync(broker.folder))
})

test('a broker dies with the process that started it, also by SIGKILL', async () => {
  const support = new URL('../support/kafka.ts', import.meta.url).href
  const script = `
    const { startKafka } = await import(${JSON.stringify(support)})
    const { folder, servers } = await startKafka()
    process.stdout.write(JSON.stringify({ folder, servers }))
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const { folder, servers } = JSON.parse(said.toString()) as Pick<KafkaBroker, 'folder' | 'servers'>
  assert.ok(existsSync(folder))

  child.kill('SIGKILL')

  await eventually(() => !existsSync(folder), { about: 'The end of the folder' })
  const admin = kafkaClient(servers, 'PLAINTEXT', { retry: { retries: 0 } }).admin()
  await assert.rejects(admin.connect(), { name: 'KafkaJSNumberOfRetriesExceeded' })
})
