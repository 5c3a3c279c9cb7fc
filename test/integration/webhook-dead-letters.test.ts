import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import type { PgstreamError } from '../../src/errors.ts'
import { DeadLetterBox } from '../../src/webhook/dead-letters.ts'
import { SubscriptionStore } from '../../src/webhook/subscription-store.ts'
import { silentLogger } from '../../src/telemetry/logger.ts'
import { pgstream } from '../support/command.ts'
import { postgresServers } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { deadLetters, notifierOf, subscribe } from '../support/webhooks.ts'

test('what a dead endpoint did not take is shown, and after it was sent again the receiver has every event, under the same ids', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  let isDead = true
  await using receiver = await Receiver.start(() => (isDead ? 503 : 200))
  await subscribe(database, `${receiver.url}/hook`, { table: 't' })
  await database.query('create table t (id int primary key, n int)')
  {
    await using stream = openStream(database, { processor: notifierOf(database) })
    await stream.changesOf('insert into t select i, 0 from generate_series(1, 20) i; update t set n = 1')
    await stream.stop()
  }
  assert.equal((await deadLetters(database)).length, 40)
  const env = {
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
  }
  const command = async (...args: string[]) => pgstream(['dead-letters', ...args], { env })
  const list = await command('list')
  assert.equal(list.code, 0, list.stderr)
  assert.match(list.stdout, /^webhooks\/\d+ {2}\S+ {2}I public\.t \S+ for http:\S+\/hook: .*503/m)
  assert.match(list.stdout, /webhooks: 40 dead letters\n$/)
  const [line] = (await command('list', '--json')).stdout.split('\n')
  const { id } = JSON.parse(line!) as { id: string }

  const failed = await command('retry')
  assert.equal(failed.code, 1)
  assert.match(failed.stdout, /webhooks: 0 delivered, 40 stay/)
  isDead = false
  assert.equal((await command('drop')).code, 2, 'what is dropped is gone: it has to be said which')
  assert.equal((await command('retry', '--ids', 'search/1')).code, 2)
  assert.match((await command('retry', '--ids', id)).stdout, /webhooks: 1 delivered, 0 stay/)
  const rest = await command('retry', '--json')
  assert.equal(rest.code, 0, rest.stderr)
  assert.deepEqual(JSON.parse(rest.stdout), { place: 'webhooks', sent: 39, failed: 0 })
  assert.equal((await deadLetters(database)).length, 0)
  const taken = receiver.taken.map((each) => each.id)
  assert.deepEqual(new Set(taken), new Set(receiver.arrived.map((each) => each.id)))
  assert.equal(new Set(taken).size, 40)
  for (let key = 1; key <= 20; key++) {
    const ofRow = receiver.taken.filter((each) => each.key === key)
    assert.deepEqual(
      ofRow.map(({ action }) => action),
      ['I', 'U'],
    )
  }
  assert.match((await command('drop', '--all')).stdout, /webhooks: 0 dropped/)
})

test('what was subscribed by SQL can be sent again, however its URL is written; nothing that is kept can forge a line', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  let isDead = true
  await using receiver = await Receiver.start(() => (isDead ? 400 : 200))
  await subscribe(database, receiver.url.replace('http:', 'HTTP:'), { table: 't' })
  {
    await using stream = openStream(database, { processor: notifierOf(database) })
    await stream.changesOf('create table t (id int primary key); insert into t values (1)')
    await stream.stop()
  }
  isDead = false
  await database.query(
    `update pgstream.webhook_dead_letters set reason = E'\\x1b[2J\nwebhooks/9  a forged line'`,
  )
  const env = {
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
  }
  const list = await pgstream(['dead-letters', 'list'], { env })
  assert.match(list.stdout, /^webhooks\/\d+ .*\\u001b\[2J\\nwebhooks\/9 .*\nwebhooks: 1 dead letters\n$/)
  const retry = await pgstream(['dead-letters', 'retry'], { env })
  assert.match(retry.stdout, /webhooks: 1 delivered, 0 stay/)
  assert.equal(receiver.taken.length, 1)
})

test('one that is longer than a text can be is kept and sent again; one that no table takes ends the stream in words', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  const hash = createHash('md5')
  let bytes = 0
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      hash.update(chunk)
    })
    request.on('end', () => response.end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await subscribe(database, url)
  const body = Buffer.alloc(270_000_000, 'x')
  body.write('the last bytes', body.length - 14)
  const letter = {
    webhookId: '0/1-1',
    url,
    subscriptionIds: ['1'],
    action: 'I',
    schema: 's',
    table: 't',
    body,
  }
  const store = new SubscriptionStore({ url: database.url, logger: silentLogger })
  const box = new DeadLetterBox(store.session, new AbortController().signal)
  await box.keep({ ...letter, reason: 'HTTP 413', attempts: 1 })
  const tooLong = { length: 1_000_000_001 } as Buffer
  await assert.rejects(
    box.keep({ ...letter, body: tooLong, reason: 'HTTP 413', attempts: 1 }),
    (error: PgstreamError) => {
      assert.equal(error.code, 'PGSTREAM_SINK_FAILED')
      assert.match(error.message, /0\/1-1 of 1000000001 bytes is refused \(HTTP 413\)/)
      return true
    },
  )
  await store.close()
  const env = {
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
    PGSTREAM_WEBHOOK_NOTIFIER_CLIENT_TIMEOUT: '100s',
  }
  const retry = await pgstream(['dead-letters', 'retry'], { env })
  assert.match(retry.stdout, /webhooks: 1 delivered, 0 stay/, retry.stderr)
  assert.deepEqual([bytes, hash.digest('hex')], [body.length, createHash('md5').update(body).digest('hex')])
  server.close()
})
