import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { makeTlsFiles } from '../services/kafka-tls.ts'
import { check, lineOf, problemsOf } from '../support/check-report.ts'
import type { CheckReport } from '../support/check-report.ts'
import { pgstream } from '../support/command.ts'
import { fillTopic } from '../support/fill-topic.ts'
import { httpFront } from '../support/http-front.ts'
import { schemaOf } from '../support/json-schema.ts'
import { kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import { RunningOps } from '../support/running-ops.ts'
import { searchSpace } from '../support/search.ts'
import { preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const server = postgresServers()[0]!
const basic = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`

test('a search store: away, wrong login, wrong key, wrong TLS, right; what it keeps, and its dead letters', async () => {
  await using database = await preparedDatabase(server)
  await using space = searchSpace()
  await using folder = await temporaryFolder()
  await using elsewhere = await temporaryFolder()
  const own = await makeTlsFiles(folder.path)
  const { caFile: otherCa } = await makeTlsFiles(elsewhere.path)
  const authorizations = [basic('ann', 'hush-right'), 'ApiKey hush-key']
  await using front = await httpFront(space.url, own.certificate)
  // as a secured store answers
  front.interfere(({ headers: { authorization = '' } }, response) => {
    if (authorizations.includes(authorization)) return false
    response.writeHead(401, { 'content-type': 'application/json' })
    response.end(
      '{"error":{"type":"security_exception","reason":"missing or wrong credentials"},"status":401}',
    )
    return true
  })
  const look = (env: Record<string, string>): Promise<CheckReport> =>
    check(['--pgurl', database.url], {
      PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix,
      PGSTREAM_SEARCH_STORE_URL: front.url,
      PGSTREAM_SEARCH_STORE_TLS_CA_CERT_FILE: own.caFile,
      PGSTREAM_SEARCH_STORE_USERNAME: 'ann',
      PGSTREAM_SEARCH_STORE_PASSWORD: 'hush-right',
      ...env,
    })

  const right = await look({})
  assert.deepEqual(problemsOf(right), [])
  assert.match(lineOf(right, 'Search: store').says, /^It answers: opensearch \d/)
  assert.match(lineOf(right, 'Search: health').says, /green|yellow/)
  assert.match(lineOf(right, `Search: index ${space.prefix}pgstream`).says, /Nothing is indexed yet/)
  const key = { PGSTREAM_SEARCH_STORE_USERNAME: '', PGSTREAM_SEARCH_STORE_PASSWORD: '' }
  assert.deepEqual(problemsOf(await look({ ...key, PGSTREAM_SEARCH_STORE_API_KEY: 'hush-key' })), [])

  const wrong: [string, string, RegExp, Record<string, string>][] = [
    [
      'away',
      'UNREACHABLE',
      /PGSTREAM_SEARCH_STORE_URL/,
      { PGSTREAM_SEARCH_STORE_URL: 'http://me:hush@127.0.0.1:1' },
    ],
    ['password', 'REFUSED', /credentials/, { PGSTREAM_SEARCH_STORE_PASSWORD: 'hush-wrong' }],
    ['API key', 'REFUSED', /credentials/, { ...key, PGSTREAM_SEARCH_STORE_API_KEY: 'hush-wrong' }],
    ['authority', 'UNREACHABLE', /TLS_CA_CERT_FILE/, { PGSTREAM_SEARCH_STORE_TLS_CA_CERT_FILE: otherCa }],
    [
      'https on http',
      'UNREACHABLE',
      /https:/,
      { PGSTREAM_SEARCH_STORE_URL: space.url.replace('http:', 'https:') },
    ],
    [
      'http on https',
      'UNREACHABLE',
      /https:/,
      { PGSTREAM_SEARCH_STORE_URL: front.url.replace('https:', 'http:') },
    ],
  ]
  for (const [what, code, remedy, env] of wrong) {
    const report = await look(env)
    assert.deepEqual(problemsOf(report), [['Search: store', `PGSTREAM_SEARCH_${code}`]], what)
    assert.match(lineOf(report, 'Search: store').remedy!, remedy, what)
  }

  for (const [status, headers, body] of [
    [302, { location: 'https://login.example/' }, ''],
    [200, { 'content-type': 'text/html' }, '<html>planted-page</html>'],
    [200, { 'content-type': 'application/json' }, '{"status":"planted-page"}'],
    [200, { 'content-type': 'application/json' }, 'null'],
  ] as const) {
    await using other = await httpFront(space.url)
    other.interfere((_, response) => response.writeHead(status, headers).end(body) === response)
    const report = await look({ PGSTREAM_SEARCH_STORE_URL: other.url })
    assert.deepEqual(problemsOf(report), [['Search: store', 'PGSTREAM_SEARCH_UNREACHABLE']], body)
    const { says, remedy } = lineOf(report, 'Search: store')
    assert.match(says, /what answers is no search store/)
    assert.doesNotMatch(says, /planted/)
    assert.match(remedy!, /proxy/)
  }

  const history = `${space.prefix}pgstream/_doc/source-1?refresh=true`
  await space.ask('PUT', history, { system_identifier: '1', timeline: 1, lsn: '0/1' })
  await space.ask('POST', `${space.prefix}pgstream-dead-letters/_doc?refresh=true`, { kept_at: '2026-01-01' })
  const foreign = await look({})
  assert.deepEqual(problemsOf(foreign), [
    ['Search: source', 'PGSTREAM_SEARCH_AHEAD'],
    ['Search: dead letters', 'warning'],
  ])
  assert.match(lineOf(foreign, 'Search: dead letters').remedy!, /pgstream dead-letters list/)
})

test('a webhook store: away, wrong login, without rights, right; receivers, dead letters, the address of the API', async () => {
  await using database = await preparedDatabase(server)
  await using empty = await temporaryDatabase(server.url)
  const look = (env: Record<string, string> = {}): Promise<CheckReport> =>
    check(['--pgurl', database.url], {
      PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
      PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
      ...env,
    })
  const right = await look()
  assert.deepEqual(problemsOf(right), [])
  assert.match(lineOf(right, 'Webhooks: subscriptions').says, /^0 of 0 receivers/)
  const store = (url: string): Record<string, string> => ({ PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: url })
  assert.match(lineOf(await look(store(empty.url)), 'Webhooks: store').says, /made by the first run/)

  await database.query(`insert into pgstream.webhook_subscriptions (url, secret, disabled_at)
    values ('http://10.0.0.1/hook', 'hush', null), ('https://example.com/hook', 'hush', now())`)
  await database.query(`insert into pgstream.webhook_dead_letters
    (webhook_id, url, subscription_ids, action, schema_name, table_name, body, reason, attempts)
    values ('0/1-0', 'http://10.0.0.1/hook', '{1}', 'I', 'public', 'items', 'planted-row', 'HTTP 404', 1)`)
  const told = await look()
  assert.deepEqual(
    told.results.filter(({ state }) => state === 'warning').map(({ about, says }) => [about, says]),
    [
      ['Webhooks: subscriptions', '1 more are disabled: their receivers answered 410.'],
      ['Webhooks: subscriptions', 'Nothing may be sent to http://10.0.0.1: not of the public internet.'],
      ['Webhooks: dead letters', '1 notifications are kept that a receiver did not take.'],
    ],
  )
  const allowed = { PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '10.0.0.0/8' }
  assert.equal(problemsOf(await look(allowed)).length, 2)

  const role = `ann_${randomBytes(4).toString('hex')}`
  await database.query(`create role ${role} login password 'hush'`)
  const as = (url: string): string => Object.assign(new URL(url), { username: role, password: 'hush' }).href
  try {
    const denied = lineOf(await look(store(as(database.url))), 'Webhooks: store')
    assert.equal(denied.code, 'PGSTREAM_NO_RIGHT')
    assert.match(denied.remedy!, /grant usage on schema pgstream to "ann_/)
    await database.query(`grant usage on schema pgstream to ${role}`)
    const half = lineOf(await look(store(as(database.url))), 'Webhooks: store')
    assert.match(half.remedy!, /grant select, insert, update, delete on pgstream\.webhook_dead_letters to/)
    const cannotMake = lineOf(await look(store(as(empty.url))), 'Webhooks: store')
    assert.match(cannotMake.says, /may not make the tables of webhooks/)
    assert.match(cannotMake.remedy!, /grant create on database/)
  } finally {
    await database.query(`drop owned by ${role}; drop role ${role}`)
  }

  const away = lineOf(await look(store('postgres://me:hush@127.0.0.1:1/hooks')), 'Webhooks: store')
  assert.equal(away.code, 'PGSTREAM_SOURCE_UNREACHABLE')
  assert.match(away.remedy!, /PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL/)
  const wrong = Object.assign(new URL(database.url), { password: 'hush-wrong' }).href
  assert.equal(lineOf(await look(store(wrong)), 'Webhooks: store').code, 'PGSTREAM_SOURCE_REFUSED')
})

test('addresses that are taken by somebody else, and by a pgstream that runs; a collector', async () => {
  await using database = await preparedDatabase(server)
  const stranger = createServer((_request, response) => response.writeHead(404).end())
  await once(stranger.listen(0, '127.0.0.1'), 'listening')
  const taken = `127.0.0.1:${(stranger.address() as AddressInfo).port}`
  const hooks = { PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url }
  try {
    const report = await check(['--pgurl', database.url], {
      ...hooks,
      PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: taken,
      PGSTREAM_OPS_ADDRESS: taken,
      PGSTREAM_METRICS_OTLP_URL: `http://me:hush-word@${taken}/v1/metrics?key=hush-key`,
    })
    assert.deepEqual(problemsOf(report), [
      ['Webhooks: address', 'PGSTREAM_ADDRESS_IN_USE'],
      ['Watching: address', 'PGSTREAM_ADDRESS_IN_USE'],
      ['Watching: collector', 'warning'],
    ])
    assert.match(
      lineOf(report, 'Watching: collector').says,
      /^http:\/\/127\.0\.0\.1:\d+\/v1\/metrics answers with HTTP 404\.$/,
    )
  } finally {
    stranger.close()
  }
  const free = { ...hooks, PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: '127.0.0.1:0' }
  await using run = await RunningOps.start(['--pgurl', database.url], { env: free })
  await run.says(/the subscriptions are read/)
  const api = new URL(/"server":"([^"]+)"/.exec(run.stderr)![1]!).host
  const beside = await check(['--pgurl', database.url], {
    ...hooks,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: api,
    PGSTREAM_OPS_ADDRESS: new URL(run.url).host,
  })
  assert.deepEqual(problemsOf(beside), [])
  assert.match(lineOf(beside, 'Webhooks: address').says, /^A pgstream serves the API/)
  assert.match(lineOf(beside, 'Watching: address').says, new RegExp(`pid ${String(run.child.pid)}`))
})

test('topics: compacted, dead letters; plain text where TLS is spoken and the other way round', async () => {
  await using database = await preparedDatabase(server)
  await using topic = await temporaryTopic({ config: { 'cleanup.policy': 'compact' } })
  const kafka = kafkaServers()
  const env = {
    PGSTREAM_KAFKA_SERVERS: kafka.address.PLAINTEXT,
    PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
    PGSTREAM_KAFKA_WRITER_OVERSIZE: 'dead-letter',
  }
  const look = (more: Record<string, string> = {}): Promise<CheckReport> =>
    check(['--pgurl', database.url], { ...env, ...more })
  const compacted = await look()
  assert.deepEqual(problemsOf(compacted), [[`Kafka: topic ${topic.name}`, 'warning']])
  assert.match(lineOf(compacted, 'Kafka: dead letters').says, /^There are none/)

  const letters = `${topic.name}.dead-letters`
  await using kept = await temporaryTopic({ name: letters })
  await fillTopic(kafka, kept.name, { messages: 1, partitions: 1, body: 'planted-letter' })
  const reading = await check([], { ...env, PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: 'test-check' })
  assert.equal(lineOf(reading, 'Kafka: dead letters').says, `The topic ${letters} keeps 1 of them.`)

  for (const [what, more] of [
    ['plain on TLS', { PGSTREAM_KAFKA_SERVERS: kafka.address.SSL }],
    ['TLS on plain', { PGSTREAM_KAFKA_TLS_ENABLED: 'true', PGSTREAM_KAFKA_TLS_CA_CERT_FILE: kafka.caFile }],
  ] as const) {
    const found = lineOf(await look(more), 'Kafka: connection')
    assert.equal(found.code, 'PGSTREAM_KAFKA_UNREACHABLE', what)
    assert.match(found.remedy!, /TLS/, what)
  }
})

test('the schema log of another database, and what is wrong in the settings, are told in the form of the schema', async () => {
  await using database = await preparedDatabase(server)
  await using other = await temporaryDatabase(server.url)
  const store = { PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL: other.url }
  const report = await check(['--pgurl', database.url], store)
  assert.deepEqual(problemsOf(report), [['Translator: schema log', 'PGSTREAM_NOT_INITIALIZED']])
  const { code, stdout } = await pgstream(['check', '--json', '--pgurl', 'nowhere'])
  assert.equal(code, 2)
  schemaOf('check')(JSON.parse(stdout))
})

test('TLS that the Postgres server does not have, or not with that certificate', async () => {
  await using database = await preparedDatabase(server)
  for (const query of ['sslmode=require', 'sslmode=verify-full&sslrootcert=system']) {
    const url = Object.assign(new URL(database.url), { search: query }).href
    const found = lineOf(await check(['--pgurl', url]), 'Postgres: connection')
    assert.equal(found.code, 'PGSTREAM_SOURCE_UNREACHABLE')
    assert.match(found.remedy!, /sslmode and sslrootcert/)
  }
})
