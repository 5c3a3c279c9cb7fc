import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { check, lineOf, problemsOf } from '../support/check-report.ts'
import type { CheckReport } from '../support/check-report.ts'
import { pgstream } from '../support/command.ts'
import { kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { postgresServers, startPostgres, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const server = postgresServers()[0]!

test('check finds nothing in the way of a right set-up, and says what it looked at', async () => {
  await using database = await preparedDatabase(server, {
    before: (db) => db.query('create table orders (id int primary key)'),
  })
  const report = await check(['--pgurl', database.url])
  assert.deepEqual(problemsOf(report), [])
  assert.deepEqual(
    report.results.map(({ about }) => about.replace('Postgres: ', '')),
    [
      ...['server', 'wal_level', 'output plugin', 'replication slot', 'free slots', 'free walsenders'],
      ...[
        'schema pgstream',
        'publication',
        'rights',
        'Translator: schema log',
        'retained WAL',
        'replica identities',
      ],
    ],
  )
  const { code, stdout } = await pgstream(['check', '--pgurl', database.url])
  assert.equal(code, 0)
  assert.match(stdout, /^✓ Postgres: server: Postgres \d+.*\n/)
  assert.match(stdout, /12 fine, 0 to think about, 0 in the way\.\n$/)
})

test('before init, check says that init is missing, and names the tables that need an identity', async () => {
  await using database = await temporaryDatabase(server.url)
  await database.query(`create table plain (id int);
    create table later (id int primary key deferrable);
    create table nobody (id int primary key); alter table nobody replica identity nothing`)
  const report = await check(['--pgurl', database.url])
  assert.deepEqual(problemsOf(report).slice(0, 3), [
    ['Postgres: replication slot', 'PGSTREAM_SLOT_MISSING'],
    ['Postgres: schema pgstream', 'PGSTREAM_NOT_INITIALIZED'],
    ['Postgres: publication', 'PGSTREAM_NOT_INITIALIZED'],
  ])
  const warned = report.results.filter(({ state }) => state === 'warning')
  assert.deepEqual(new Set(warned.map(({ about }) => about)), new Set(['Postgres: replica identities']))
  const said = warned.map(({ says }) => says).join('\n')
  assert.match(said, /plain would fail .*: it has no primary key/)
  assert.match(said, /later would fail .*: its primary key can be deferred/)
  assert.match(said, /nobody would fail .*: its replica identity is NOTHING/)
})

test('after init, tables without key are named where they cost something, and keys that came later', async () => {
  await using database = await preparedDatabase(server, {
    before: (db) =>
      db.query(
        'create table large (note text); create table small (n int); create table keyed (n int); create table later (id int primary key deferrable, note text)',
      ),
  })
  await database.query('alter table keyed add primary key (n)')
  const report = await check(['--pgurl', database.url])
  assert.equal(report.ok, true)
  assert.match(lineOf(report, 'Postgres: replica identities').says, /^keyed got a key/)
  assert.match(lineOf(report, 'Postgres: replica identities').remedy!, /init again/)
  const keyless = report.results.filter(({ about }) => about === 'Postgres: tables without key')
  const told = keyless.map(({ state, says }) => [
    state,
    /\b(?:large|later|small)\b(?= write |: sent )/.exec(says)?.[0],
  ])
  assert.deepEqual(told.slice(0, 2).toSorted(), [
    ['warning', 'large'],
    ['warning', 'later'],
  ])
  assert.deepEqual(told.slice(2), [['ok', 'small']])
  const warnings = keyless.filter(({ state }) => state === 'warning').map(({ says }) => says)
  assert.match(warnings.join('\n'), /of large write .*: it has no primary key\.$/m)
  assert.match(warnings.join('\n'), /of later write .*: its primary key can be deferred\.$/m)
})

test('a slot of another plugin or another database, and a user without rights, are each told', async () => {
  await using database = await preparedDatabase(server)
  await using neighbour = await temporaryDatabase(server.url)
  const slot = (name: string, plugin: string, of: TemporaryDatabase): Promise<unknown> =>
    of.query('select pg_create_logical_replication_slot($1, $2)', [name, plugin])
  const [strange, foreign] = [`strange_${database.name}`, `foreign_${database.name}`]
  await slot(strange, 'test_decoding', database)
  await slot(foreign, 'pgoutput', neighbour)
  for (const [name, says] of [
    [strange, /has the plugin test_decoding/],
    [foreign, /belongs to database/],
  ] as const) {
    const found = lineOf(
      await check(['--pgurl', database.url, '--slot-name', name]),
      'Postgres: replication slot',
    )
    assert.equal(found.code, 'PGSTREAM_SLOT_INVALID')
    assert.match(found.says, says)
  }
  const user = `ann_${randomBytes(4).toString('hex')}`
  await database.query(`create role ${user} login password 'hush'`)
  try {
    const url = Object.assign(new URL(database.url), { username: user, password: 'hush' }).href
    const report = await check(['--pgurl', url])
    assert.deepEqual(problemsOf(report), [
      ['Postgres: schema pgstream', 'warning'],
      ['Postgres: rights', 'PGSTREAM_NO_RIGHT'],
      ['Translator: schema log', 'PGSTREAM_NO_RIGHT'],
    ])
    assert.match(lineOf(report, 'Postgres: rights').remedy!, /alter role .* replication/)
    await database.query(`alter role ${user} replication; grant usage on schema pgstream to ${user};
      grant select on pgstream.schema_log to ${user}; grant select, insert on pgstream.schema_marks to ${user}`)
    const granted = await check(['--pgurl', url])
    assert.equal(granted.ok, true, 'what the README grants is enough')
    assert.deepEqual(problemsOf(granted), [['Postgres: schema pgstream', 'warning']])
  } finally {
    await database.query(`drop owned by ${user}; drop role ${user}`)
  }
})

test('event triggers that are switched off are told, with what makes up for it', async () => {
  await using database = await preparedDatabase(server)
  await database.query(`alter event trigger pgstream_ddl_command_end disable;
    create table unseen (id int primary key); alter event trigger pgstream_sql_drop enable`)
  const report = await check(['--pgurl', database.url])
  assert.deepEqual(problemsOf(report), [['Postgres: event triggers', 'warning']])
  const { says, remedy } = lineOf(report, 'Postgres: event triggers')
  assert.match(says, /^pgstream_ddl_command_end and pgstream_sql_drop are switched off/)
  await database.query(/^alter event trigger.*;/.exec(remedy!)![0])
  assert.match(remedy!, /refresh_schema/)
  await database.query("select pgstream.refresh_schema('public')")
  assert.deepEqual(problemsOf(await check(['--pgurl', database.url])), [])
  const logged = await database.query(
    `select from pgstream.schema_log where schema->'tables' @> '[{"name": "unseen"}]'`,
  )
  assert.equal(logged.length, 1)
})

test('wal_level=replica, and a slot that keeps too much WAL', async () => {
  await using own = await startPostgres({ major: server.major })
  {
    await using database = await preparedDatabase({ url: own.url })
    await database.query('create table filler (n int primary key, t text)')
    await database.query(`insert into filler select n, repeat('x', 900) from generate_series(1, 3000) n`)
    const limit = { PGSTREAM_POSTGRES_LISTENER_MAX_RETAINED_WAL: '1MiB' }
    const kept = lineOf(await check(['--pgurl', database.url], limit), 'Postgres: retained WAL')
    assert.equal(kept.state, 'warning')
    assert.match(kept.says, /% of 1\.0 MB \(PGSTREAM_POSTGRES_LISTENER_MAX_RETAINED_WAL\)/)
  }
  await using database = await temporaryDatabase(own.url)
  await writeFile(join(own.dataDir, 'postgresql.auto.conf'), "wal_level = 'replica'\n")
  await own.restart()
  const found = lineOf(await check(['--pgurl', database.url]), 'Postgres: wal_level')
  assert.equal(found.code, 'PGSTREAM_WAL_LEVEL')
  assert.match(found.remedy!, /wal_level = logical/)
})

test('a server that is away, or refuses the password, ends the look at it and no other', async () => {
  const nowhere = await check(['--pgurl', 'postgres://me:hush@127.0.0.1:1/shop'], {
    PGSTREAM_KAFKA_SERVERS: '127.0.0.1:1',
    PGSTREAM_KAFKA_TOPIC_NAME: 'shop',
  })
  assert.deepEqual(problemsOf(nowhere), [
    ['Postgres: connection', 'PGSTREAM_SOURCE_UNREACHABLE'],
    ['Kafka: connection', 'PGSTREAM_KAFKA_UNREACHABLE'],
  ])
  const wrong = Object.assign(new URL(server.url), { password: 'hush' }).href
  assert.deepEqual(problemsOf(await check(['--pgurl', wrong])), [
    ['Postgres: connection', 'PGSTREAM_SOURCE_REFUSED'],
  ])
})

test('a topic that is there, that is missing and that will be made; a wrong login; a wrong authority', async () => {
  await using database = await preparedDatabase(server)
  await using topic = await temporaryTopic({ partitions: 2 })
  const kafka = kafkaServers()
  const { address } = kafka
  const look = (env: Record<string, string>): Promise<CheckReport> =>
    check(['--pgurl', database.url], {
      PGSTREAM_KAFKA_SERVERS: address.PLAINTEXT,
      PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
      ...env,
    })
  const there = await look({})
  assert.match(lineOf(there, `Kafka: topic ${topic.name}`).says, /2 partitions/)
  assert.equal(there.ok, true)
  const missing = { PGSTREAM_KAFKA_TOPIC_NAME: 'test-missing' }
  assert.deepEqual(problemsOf(await look(missing)), [['Kafka: topic test-missing', 'PGSTREAM_KAFKA_TOPIC']])
  const made = await look({ ...missing, PGSTREAM_KAFKA_TOPIC_AUTO_CREATE: 'true' })
  assert.deepEqual(problemsOf(made), [['Kafka: topic test-missing', 'warning']])

  const login = {
    PGSTREAM_KAFKA_SERVERS: address.SASL_PLAINTEXT,
    PGSTREAM_KAFKA_SASL_MECHANISM: 'plain',
    PGSTREAM_KAFKA_SASL_USERNAME: kafka.username,
    PGSTREAM_KAFKA_SASL_PASSWORD: 'hush',
  }
  assert.deepEqual(problemsOf(await look(login)), [['Kafka: connection', 'PGSTREAM_KAFKA_REFUSED']])
  await using folder = await temporaryFolder()
  const [, certificate] = /(-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----)/.exec(
    (await import('node:tls')).rootCertificates[0]!,
  )!
  await writeFile(join(folder.path, 'other.pem'), certificate!)
  const tls = {
    PGSTREAM_KAFKA_SERVERS: address.SSL,
    PGSTREAM_KAFKA_TLS_ENABLED: 'true',
    PGSTREAM_KAFKA_TLS_CA_CERT_FILE: join(folder.path, 'other.pem'),
  }
  const untrusted = lineOf(await look(tls), 'Kafka: connection')
  assert.equal(untrusted.code, 'PGSTREAM_KAFKA_UNREACHABLE')
  assert.match(untrusted.remedy!, /PGSTREAM_KAFKA_TLS_ENABLED and the certificates/)
})
