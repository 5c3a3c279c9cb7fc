import assert from 'node:assert/strict'
import { createServer } from 'node:tls'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresServers } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import type { Answering } from '../support/receiver.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { deadLetters, notifierOf, subscribe } from '../support/webhooks.ts'

const megabyte = Buffer.alloc(1024 * 1024, 'x')

/** Of everything: in this order the first answers, then the last one for ever. */
const inTurn = (...answers: Answering[]): Answering => {
  let turn = 0
  return (...asked) => answers[Math.min(turn++, answers.length - 1)]!(...asked)
}

const status =
  (code: number, headers: Record<string, string> = {}): Answering =>
  (_received, response) =>
    void response.writeHead(code, headers).end('{"message":"whatever"}')

/** Written as it stands, one after the other; null closes the connection. */
const inPieces =
  (...pieces: (string | null)[]): Answering =>
  async (_received, { socket }) => {
    for (const piece of pieces) {
      if (piece === null) socket!.end()
      else socket!.write(piece)
      await pause(5)
    }
  }

/** What an endpoint does, by its path; what becomes of the notification; how often it was asked. */
const endpoints: Readonly<Record<string, [Answering, 'delivered' | RegExp, number]>> = {
  '/200': [status(200), 'delivered', 1],
  '/201': [status(201), 'delivered', 1],
  '/202': [status(202), 'delivered', 1],
  '/204': [status(204), 'delivered', 1],
  '/100-then-204': [inPieces('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n'), 'delivered', 1],
  '/100-twice': [
    inPieces(
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 100\r\nx: y\r\n\r\n',
      'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
    ),
    'delivered',
    1,
  ],
  '/100-byte-by-byte': [
    inPieces(...'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nHH'),
    'delivered',
    1,
  ],
  '/100-then-404': [
    inPieces('HTTP/1.1 100 Continue\r\n\r\n', 'HTTP/1.1 404 Not Found\r\n\r\n'),
    /^HTTP 404$/,
    1,
  ],
  '/100-alone': [inPieces('HTTP/1.1 100 Continue\r\n\r\n', null), /./, 4],
  '/102-103': [
    inPieces(
      'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 202 Accepted\r\n\r\n',
      null,
    ),
    'delivered',
    1,
  ],
  '/301': [status(301, { location: '/200' }), /^HTTP 301, and redirections are not followed$/, 1],
  '/307': [status(307, { location: 'http://169.254.169.254/' }), /^HTTP 307/, 1],
  '/400': [status(400), /^HTTP 400$/, 1],
  '/404': [status(404), /^HTTP 404$/, 1],
  '/410': [status(410), /^HTTP 410$/, 1],
  '/429': [status(429), /^HTTP 429$/, 4],
  '/429-then-200': [inTurn(status(429), status(200)), 'delivered', 2],
  '/429-retry-after': [inTurn(status(429, { 'retry-after': '0' }), status(200)), 'delivered', 2],
  '/503-retry-after-long': [inTurn(status(503, { 'retry-after': '3600' }), status(200)), 'delivered', 2],
  '/503-retry-after-date': [
    inTurn(status(503, { 'retry-after': new Date(Date.now() + 1e9).toUTCString() }), status(200)),
    'delivered',
    2,
  ],
  '/500': [status(500), /^HTTP 500$/, 4],
  '/503-then-200': [inTurn(status(503), status(503), status(200)), 'delivered', 3],
  '/408-then-200': [inTurn(status(408), status(200)), 'delivered', 2],
  '/reset': [(_received, response) => void response.socket!.resetAndDestroy(), /./, 4],
  '/closed': [(_received, response) => void response.socket!.end(), /./, 4],
  '/garbage': [(_received, response) => void response.socket!.end('this is no HTTP\r\n\r\n'), /./, 4],
  '/drip': [
    (_received, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write('.'), 50)
      response.once('close', () => clearInterval(timer))
    },
    'delivered',
    1,
  ],
  '/gigabyte': [
    (_received, response) => {
      response.writeHead(200)
      const more = (): void => {
        while (!response.destroyed && response.write(megabyte));
        response.once('drain', more)
      }
      more()
    },
    'delivered',
    1,
  ],
  '/gigabyte-announced': [
    (_received, response) => void response.writeHead(200, { 'content-length': 2 ** 30 }).write(megabyte),
    'delivered',
    1,
  ],
}

test('every answer, and none, is taken as documented; what is not delivered is kept, and the slot moves on', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using receiver = await Receiver.start((received, ...rest) =>
    endpoints[received.path]![0](received, ...rest),
  )
  const tls = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(tls, 'listening')
  await using closing = { [Symbol.asyncDispose]: async () => void tls.close() }
  assert.ok(closing)
  const network: Readonly<Record<string, RegExp>> = {
    'http://127.0.0.1:1/': /ECONNREFUSED/,
    [`https://127.0.0.1:${(tls.address() as AddressInfo).port}/`]: /./,
    'https://does-not-exist.invalid/': /ENOTFOUND|EAI_AGAIN/,
  }
  for (const path of Object.keys(endpoints)) await subscribe(database, receiver.url + path, { table: 't' })
  for (const url of Object.keys(network)) await subscribe(database, url, { table: 't' })
  const { logger, lines } = heardLogger()
  await using stream = openStream(database, {
    processor: notifierOf(database, { logger }),
  })
  await stream.changesOf(`create table t (id int primary key); insert into t values (1)`)
  const insert = stream.events.find((event) => event.kind === 'insert')!
  await stream.stop()
  assert.ok((await confirmedLsn(database)) > insert.commitLsn)

  const letters = new Map((await deadLetters(database)).map((letter) => [letter.url, letter]))
  for (const [path, [, expected, attempts]] of Object.entries(endpoints)) {
    const letter = letters.get(receiver.url + path)
    if (expected === 'delivered') assert.deepEqual(letter, undefined, path)
    else {
      assert.match(letter!.reason, expected, path)
      assert.equal(letter!.attempts, attempts, path)
    }
    const arrived = receiver.arrived.filter((each) => each.path === path)
    assert.equal(arrived.length, attempts, path)
    assert.equal(new Set(arrived.map(({ id }) => id)).size, 1, `${path}: the id stays the same`)
  }
  for (const [url, expected] of Object.entries(network)) {
    assert.match(letters.get(url)!.reason, expected)
    assert.equal(letters.get(url)!.attempts, 4)
  }
  const disabled = await database.query(
    'select url, disabled_reason from pgstream.webhook_subscriptions where disabled_at is not null',
  )
  assert.deepEqual(disabled, [{ url: `${receiver.url}/410`, disabled_reason: 'HTTP 410' }])
  const said = JSON.stringify(lines)
  assert.ok(lines.some(({ level }) => level === 'error'))
  assert.doesNotMatch(said, /whsec|retry-after-long/, 'neither secrets nor paths of URLs are logged')
})

test('a receiver that does not answer is waited for no longer than the time-out, attempt by attempt', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using receiver = await Receiver.start(() => undefined)
  await subscribe(database, receiver.url, { table: 't' })
  await using stream = openStream(database, { processor: notifierOf(database, { clientTimeout: 300 }) })
  await stream.changesOf(`create table t (id int primary key); insert into t values (1)`)
  await stream.stop()
  const [letter] = await deadLetters(database)
  assert.match(letter!.reason, /^no answer within 300 ms/)
  assert.equal(letter!.attempts, 4)
})

test('a receiver that is gone gets nothing more, also after a restart, until it subscribes again', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using receiver = await Receiver.start(() => 410)
  await subscribe(database, receiver.url, { table: 't' })
  await database.query('create table t (id int primary key)')
  for (const id of [1, 2]) {
    await using stream = openStream(database, { processor: notifierOf(database) })
    await stream.changesOf(`insert into t values (${id})`)
    await stream.stop()
  }
  assert.deepEqual(
    receiver.arrived.map(({ key }) => key),
    [1],
  )
  assert.equal((await deadLetters(database)).length, 1)
})

test('a receiver that refuses everything is told of once in a while, not for each notification', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using receiver = await Receiver.start(() => 404)
  await subscribe(database, receiver.url, { table: 't' })
  const { logger, lines } = heardLogger()
  await using stream = openStream(database, { processor: notifierOf(database, { logger }) })
  await stream.changesOf(`create table t (id int primary key); insert into t select generate_series(1, 500)`)
  await stream.stop()
  assert.equal((await deadLetters(database)).length, 500)
  const told = lines.filter(({ level }) => level === 'error').length
  assert.ok(told >= 1 && told < 50, `${told} lines`)
})
