import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { RunningCommand } from '../support/command.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'
import { deadLetters, exampleSecret, notifierOf, subscribe } from '../support/webhooks.ts'

const patience = { timeoutMs: 120_000 }

const subscribeMany = async (database: TemporaryDatabase, url: string, count: number): Promise<unknown> =>
  database.query(
    `insert into pgstream.webhook_subscriptions (url, table_name, secret)
     select $1 || i, 't', $2 from generate_series(1, $3) i`,
    [url, exampleSecret, count],
  )

test('however many endpoints say nothing, one that answers gets everything meanwhile', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using receiver = await Receiver.start(({ path }) => (path === '/answers' ? 200 : undefined))
  // with ten requests each they could have more than all of those that may be under way
  await subscribeMany(database, `${receiver.url}/silent/`, 300)
  await subscribe(database, `${receiver.url}/answers`, { table: 't' })
  await using stream = openStream(database, { processor: notifierOf(database, { clientTimeout: 170_000 }) })
  await stream.changesOf(`create table t (id int primary key); insert into t select generate_series(1, 100)`)
  await eventually(() => assert.equal(receiver.takenBy('/answers').length, 100), patience)
  assert.equal(new Set(receiver.arrived.map(({ path }) => path)).size, 301)
})

test('two thousand URLs get every change from a process that may not open as many files as they could have connections', async (context) => {
  const [urls, rows, files] = [2_000, 3, 2_200]
  await using database = await preparedDatabase(postgresServers()[0]!)
  const taken = new Map<string, number>()
  const connections = { now: 0, most: 0 }
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      const key = `${request.url ?? ''} ${String(request.headers['webhook-id'])}`
      taken.set(key, (taken.get(key) ?? 0) + 1)
      response.end()
    })
  })
  server.keepAliveTimeout = 120_000
  server.on('connection', (socket) => {
    connections.most = Math.max(connections.most, ++connections.now)
    socket.once('close', () => connections.now--)
  })
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
  await once(server, 'listening')
  await using closing = {
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  assert.ok(closing)
  await subscribeMany(database, `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, urls)
  await database.query('create table t (id int primary key)')
  const env = {
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
  }
  await using command = new RunningCommand(['run', '--pgurl', database.url], { env, mostOpenFiles: files })
  for (let row = 1; row <= rows; row++) await database.query('insert into t values ($1)', [row])
  await eventually(() => {
    if (command.child.exitCode !== null) throw new Error(command.stderr)
    assert.equal(taken.size, urls * rows)
  }, patience)
  command.child.kill('SIGTERM')
  assert.equal((await command.finished).code, 0, command.stderr)
  assert.equal((await deadLetters(database)).length, 0)
  assert.doesNotMatch(command.stderr, /EMFILE|does not take/)
  context.diagnostic(`${connections.most} connections at most`)
})
