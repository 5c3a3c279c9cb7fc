import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, test } from 'node:test'
import type { PgstreamError } from '../../src/errors.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'
import { WebhookApi } from '../support/webhook-api.ts'
import { exampleSecret, subscribe } from '../support/webhooks.ts'

const [server] = postgresServers()
const url = 'http://127.0.0.1:9/hook'

/** What a server answers to bytes as they are, and whether it closes the connection. */
async function raw(api: WebhookApi, text: string): Promise<string> {
  const { hostname, port } = new URL(api.url)
  const socket = connect(Number(port), hostname)
  let answer = ''
  socket.on('data', (bytes) => (answer += String(bytes)))
  socket.on('error', () => undefined)
  socket.write(text)
  await once(socket, 'close')
  return answer
}

describe('the server by which receivers subscribe', { concurrency: 2 }, () => {
  test('it subscribes, lists without secrets, replaces and unsubscribes, in a database that init has not seen', async () => {
    await using database = await temporaryDatabase(server!.url)
    await using api = await WebhookApi.start(database)
    const wish = { url, schema: 'public', table: 'users', event_types: ['I', 'U'] }
    const first = await api.post('/webhooks/subscribe', wish)
    assert.equal(first.status, 201)
    assert.match(first.headers.get('content-type')!, /^application\/json/)
    assert.match(String(first.json['secret']), /^whsec_.{44}$/)
    assert.equal(first.json['created'], true)
    const again = await api.post('/webhooks/subscribe', { ...wish, event_types: ['D'] })
    assert.deepEqual([again.status, again.json['created'], again.json['secret']], [201, false, undefined])
    const all = await api.post('/webhooks/subscribe', { url, secret: exampleSecret })
    assert.deepEqual([all.status, all.json['secret'], all.json['event_types']], [201, undefined, []])

    const list = await api.call('/webhooks/subscriptions')
    assert.equal(list.status, 200)
    const subscriptions = list.json['subscriptions'] as Record<string, unknown>[]
    assert.deepEqual(
      subscriptions.map(({ table, event_types }) => [table, event_types]),
      [
        ['users', ['D']],
        ['', []],
      ],
    )
    assert.ok(!JSON.stringify(list.json).includes('whsec'))

    assert.equal((await api.post('/webhooks/unsubscribe', { ...wish, table: 'other' })).status, 404)
    assert.equal((await api.post('/webhooks/unsubscribe', wish)).status, 200)
    assert.equal((await api.post('/webhooks/unsubscribe', wish)).status, 404)
    const [left, ...others] = await database.query('select url, secret from pgstream.webhook_subscriptions')
    assert.deepEqual([left, others.length], [{ url, secret: exampleSecret }, 0])

    await subscribe(database, 'HTTP://127.0.0.1:9')
    assert.equal((await api.post('/webhooks/unsubscribe', { url: 'HTTP://127.0.0.1:9' })).status, 200)
    assert.equal((await api.post('/webhooks/unsubscribe', { url: `${url}/\0` })).status, 404)
    assert.equal((await database.query('select from pgstream.webhook_subscriptions')).length, 1)
  })

  test('what is wrong with a request is said with its own status, as JSON, and the server goes on', async () => {
    await using database = await temporaryDatabase(server!.url)
    const { logger, lines } = heardLogger()
    await using api = await WebhookApi.start(database, { logger })
    const bad: [unknown, RegExp][] = [
      ['{"url":', /no JSON/],
      ['null', /JSON object/],
      [[], /JSON object/],
      [{}, /url is missing/],
      [{ url: '' }, /url is missing/],
      [{ url: 7 }, /url is missing/],
      [{ url: { toString: 1 } }, /url is missing/],
      [`{"url":${'['.repeat(30_000)}${']'.repeat(30_000)}}`, /url is missing/],
      [{ url: 'hook' }, /url is no URL/],
      [{ url: 'ftp://example.com/' }, /https:\/\/ or http:/],
      [{ url: 'file:///etc/passwd' }, /https:\/\/ or http:/],
      [{ url: 'https://me:secret@example.com/' }, /user or a password/],
      [{ url: `https://example.com/${'x'.repeat(2_000)}` }, /longer than 2000/],
      [{ url, tables: 'users' }, /"tables" is no known field/],
      [{ url, table: 1 }, /table must be a name/],
      [{ url, schema: 'x'.repeat(64) }, /schema must be a name/],
      [{ url, event_types: ['X'] }, /event_types must be a list/],
      [{ url, event_types: 'I' }, /event_types must be a list/],
      [{ url, secret: 'hunter2' }, /secret must be whsec_/],
      [{ url: 'http://127.0.0.2/' }, /127\.0\.0\.2 is not of the public internet/],
    ]
    for (const [body, expected] of bad) {
      const { status, json } = await api.post('/webhooks/subscribe', body)
      assert.equal(status, 400, JSON.stringify(body))
      assert.match(json.error!.message, expected)
      assert.doesNotMatch(json.error!.message, /hunter2|me:secret/)
    }
    assert.equal(
      (await api.post('/webhooks/subscribe', { url }, { 'content-type': 'text/plain' })).status,
      415,
    )
    assert.equal((await api.post('/webhooks/subscribe', `"${'x'.repeat(70_000)}"`)).status, 413)
    assert.equal((await api.call('/webhooks/subscribe')).status, 405)
    assert.equal((await api.call('/webhooks/subscribe')).headers.get('allow'), 'POST')
    assert.equal((await api.post('/webhooks/subscriptions', {})).status, 405)
    assert.equal((await api.call('/')).status, 404)
    assert.equal((await api.call('//evil/..%2f')).status, 404)
    const noUrl = await raw(api, 'GET //[ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    assert.match(noUrl, /^HTTP\/1\.1 404 /)
    for (const query of ['limit=0', 'limit=x', 'limit=10001', 'after=-1'])
      assert.equal((await api.call(`/webhooks/subscriptions?${query}`)).status, 400, query)
    const host = await raw(
      api,
      'GET /webhooks/subscriptions HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n',
    )
    assert.match(host, /^HTTP\/1\.1 403 /)
    const endless = await raw(
      api,
      'POST /webhooks/subscribe HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n' +
        `4000\r\n${'x'.repeat(0x4000)}\r\n`.repeat(5),
    )
    assert.match(endless, /^HTTP\/1\.1 413 /)
    const noHttp = await raw(api, 'HELO me\r\n\r\n')
    assert.match(noHttp, /^HTTP\/1\.1 400 [^]*{"error":{"code":"bad_request",/)
    const longHeader = await raw(api, `GET / HTTP/1.1\r\nHost: localhost\r\nx: ${'x'.repeat(70_000)}\r\n\r\n`)
    assert.match(longHeader, /^HTTP\/1\.1 431 [^]*{"error":{"code":"too_large",/)
    const get = 'GET /webhooks/subscriptions HTTP/1.1\r\nHost: localhost\r\n\r\n'
    const answers = (await raw(api, get.repeat(500))).match(/^HTTP/gm) ?? []
    assert.ok(answers.length < 2, `${answers.length} answers to who does not wait for one`)
    assert.equal((await api.post('/webhooks/subscribe', { url })).status, 201)
    assert.ok(
      lines.every(({ level }) => level === 'info'),
      JSON.stringify(lines),
    )
  })

  test('a request that does not arrive in time is ended', async () => {
    await using database = await temporaryDatabase(server!.url)
    await using api = await WebhookApi.start(database, { server: { readTimeout: 300 } })
    const head = 'POST /webhooks/subscribe HTTP/1.1\r\nHost: localhost\r\ncontent-type: application/json\r\n'
    const inJson = /^HTTP\/1\.1 408 [^]*{"error":{"code":"too_slow",/
    assert.match(await raw(api, `${head}content-length: 100\r\n\r\n{"url"`), inJson)
    assert.match(await raw(api, head), inJson)
    assert.equal((await api.post('/webhooks/subscribe', { url })).status, 201)
  })

  test('with a token nothing is done without it; others than this machine can reach it with one only', async () => {
    await using database = await temporaryDatabase(server!.url)
    const token = 'a-long-token-nobody-guesses-ü'
    const asUtf8 = (text: string): string => Buffer.from(text).toString('latin1')
    {
      await using api = await WebhookApi.start(database, { server: { address: '0.0.0.0:0', token } })
      const wrong = [
        undefined,
        '',
        'Bearer',
        'Bearer wrong',
        `Basic ${asUtf8(token)}`,
        `Bearer ${asUtf8(token)}x`,
        `Bearer ${asUtf8(token.slice(1))}`,
      ]
      for (const authorization of wrong) {
        const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
        assert.equal((await api.post('/webhooks/subscribe', { url }, headers)).status, 401, authorization)
        assert.equal((await api.call('/webhooks/subscriptions', { headers })).status, 401, authorization)
      }
      const right = { authorization: `Bearer ${asUtf8(token)}` }
      assert.equal((await api.post('/webhooks/subscribe', { url }, right)).status, 201)
      assert.equal((await api.call('/webhooks/subscriptions', { headers: right })).status, 200)
    }
    for (const none of [undefined, '', ' ']) {
      await assert.rejects(
        WebhookApi.start(database, { server: { address: '0.0.0.0:0', token: none } }),
        ({ code, remedy }: PgstreamError) => {
          assert.equal(code, 'PGSTREAM_CONFIG_INVALID')
          assert.match(remedy, /SERVER_TOKEN/)
          return true
        },
      )
    }
  })

  test('an address that is taken stops the start with a sentence', async () => {
    await using database = await temporaryDatabase(server!.url)
    await using api = await WebhookApi.start(database)
    const { port } = new URL(api.url)
    await assert.rejects(
      WebhookApi.start(database, { server: { address: `:${port}` } }),
      ({ code, message }: PgstreamError) => {
        assert.equal(code, 'PGSTREAM_ADDRESS_IN_USE')
        assert.match(message, new RegExp(`127\\.0\\.0\\.1:${port} .*another program`))
        return true
      },
    )
  })

  test('10,000 subscriptions are made, listed page by page and known to every notifier', async () => {
    await using database = await temporaryDatabase(server!.url)
    await using api = await WebhookApi.start(database, { server: { writeTimeout: 120_000 } })
    await using other = await WebhookApi.start(database)
    await database.query(
      `insert into pgstream.webhook_subscriptions (url, table_name, secret)
       select 'http://127.0.0.1:9/' || i, 't', $1 from generate_series(1, 9900) i`,
      [exampleSecret],
    )
    const made = await Promise.all(
      Array.from({ length: 100 }, async (_, i) =>
        api.post('/webhooks/subscribe', { url: `${url}/${i}`, table: 't' }),
      ),
    )
    assert.ok(made.every(({ status }) => status === 201))
    for (const each of [api, other]) {
      const page = async (after: string): Promise<{ subscriptions: { id: string }[]; next: string | null }> =>
        (await each.call(`/webhooks/subscriptions?limit=4000&after=${after}`)).json as never
      const seen = new Set<string>()
      await eventually(async () => {
        seen.clear()
        for (let after: string | null = '0'; after !== null;) {
          const { subscriptions, next }: Awaited<ReturnType<typeof page>> = await page(after)
          for (const { id } of subscriptions) seen.add(id)
          after = next
        }
        assert.equal(seen.size, 10_000)
      })
    }
  })

  test('a connection that is lost is made anew', async () => {
    await using database = await temporaryDatabase(server!.url)
    await using api = await WebhookApi.start(database)
    await database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pgstream webhooks' and datname = $1`,
      [database.name],
    )
    await eventually(async () => (await api.post('/webhooks/subscribe', { url })).status === 201)
  })
})
