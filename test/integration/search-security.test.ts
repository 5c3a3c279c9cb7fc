import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import type { SearchIndexerOptions } from '../../src/search/search-options.ts'
import { makeTlsFiles } from '../services/kafka-tls.ts'
import { pgstream, RunningCommand } from '../support/command.ts'
import { httpFront } from '../support/http-front.ts'
import type { HttpFront } from '../support/http-front.ts'
import { postgresServers } from '../support/postgres.ts'
import { searchSpace, searchUrl } from '../support/search.ts'
import { findDocuments, openSearchStream } from '../support/search-stream.ts'
import { preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { eventually } from '../support/wait.ts'

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`
const name = 'ann'
const password = 'a:secret/ö'
const apiKey = Buffer.from('id:another-secret').toString('base64')

/** Lets nobody in who does not say this, with the words of a store. */
function guard(front: HttpFront, authorization: () => string): void {
  front.interfere(({ headers }, response) => {
    if (headers.authorization === authorization()) return false
    const error = {
      type: 'security_exception',
      reason: `missing authentication for ${String(headers.authorization)}`,
    }
    response
      .writeHead(401, { 'content-type': 'application/json' })
      .end(JSON.stringify({ error, status: 401 }))
    return true
  })
}

async function arrives(options: Partial<SearchIndexerOptions> & { url: string }): Promise<void> {
  await using space = searchSpace()
  await using stream = await openSearchStream({ space, ...options })
  await stream.query('create table t (id int primary key); insert into t values (7)')
  await stream.settled()
  assert.equal((await stream.find({ term: { 't.id': 7 } })).length, 1)
}

test('user and password, in settings or in the URL, and an API key open a store', async () => {
  await using front = await httpFront(searchUrl())
  guard(front, () => basic(`${name}:${password}`))
  await arrives({ url: front.url, username: name, password })
  const withUser = new URL(front.url)
  withUser.username = name
  withUser.password = password
  await arrives({ url: withUser.href })
  guard(front, () => `ApiKey ${apiKey}`)
  await arrives({ url: front.url, apiKey })
})

test('TLS: an authority of its own, a certificate of the client, or none that is looked at', async () => {
  await using folder = await temporaryFolder()
  const { caFile, certificate } = await makeTlsFiles(folder.path)
  const [ca, both] = await Promise.all([readFile(caFile), readFile(certificate)])
  await using front = await httpFront(searchUrl(), certificate)
  await using strict = await httpFront(searchUrl(), certificate, caFile)
  const pem = both.toString()
  await arrives({ url: front.url, tls: { ca: ca.toString() } })
  await arrives({ url: front.url, tls: { rejectUnauthorized: false } })
  await arrives({ url: strict.url, tls: { ca: ca.toString(), cert: pem, key: pem } })

  await using database = await preparedDatabase(postgresServers()[0]!)
  await using space = searchSpace()
  const env = { PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix, PGSTREAM_SEARCH_INDEX_REPLICAS: '0' }
  const run = ['run', '--pgurl', database.url]
  const stranger = await pgstream(run, { env: { ...env, PGSTREAM_SEARCH_STORE_URL: front.url } })
  assert.equal(stranger.code, 1)
  assert.match(stranger.stderr, /PGSTREAM_SEARCH_UNREACHABLE.*certificate/)
  const tls = {
    PGSTREAM_SEARCH_STORE_URL: strict.url,
    PGSTREAM_SEARCH_STORE_TLS_CA_CERT_FILE: caFile,
    PGSTREAM_SEARCH_STORE_TLS_CLIENT_CERT_FILE: certificate,
    PGSTREAM_SEARCH_STORE_TLS_CLIENT_KEY_FILE: certificate,
  }
  await using running = new RunningCommand(run, { env: { ...env, ...tls } })
  await database.query('create table t (id int primary key); insert into t values (7)')
  await eventually(
    async () => {
      if (running.child.exitCode !== null) throw new Error(running.stderr)
      await space.ask('POST', `${space.prefix}*/_refresh`)
      return (await findDocuments(space, { term: { 't.id': 7 } })).length === 1
    },
    { timeoutMs: 60_000, every: 100 },
  )
})

test('a wrong password is told at once, and without it; one that is changed meanwhile ends the stream', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using space = searchSpace()
  await using front = await httpFront(space.url)
  let right = password
  guard(front, () => basic(`${name}:${right}`))
  const env = {
    PGSTREAM_SEARCH_STORE_URL: front.url,
    PGSTREAM_SEARCH_STORE_USERNAME: name,
    PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix,
  }
  const run = ['run', '--pgurl', database.url]
  const wrong = await pgstream(run, { env: { ...env, PGSTREAM_SEARCH_STORE_PASSWORD: 'wrong-secret' } })
  assert.equal(wrong.code, 1)
  assert.match(wrong.stderr, /PGSTREAM_SEARCH_REFUSED/)
  const shown = [wrong.stderr]
  {
    await using running = new RunningCommand(run, {
      env: { ...env, PGSTREAM_SEARCH_STORE_PASSWORD: password },
    })
    await running.says(/writing to the search store/)
    right = 'another'
    await database.query('create table t (id int primary key); insert into t values (7)')
    const { code, stderr } = await running.finished
    assert.equal(code, 1)
    assert.match(stderr, /PGSTREAM_SEARCH_REFUSED/)
    shown.push(stderr)
  }
  const encoded = [password, 'wrong-secret'].map((each) => basic(`${name}:${each}`).slice('Basic '.length))
  for (const secret of [password, 'wrong-secret', ...encoded])
    assert.ok(!shown.join('').includes(secret), 'a secret is shown')
  right = password
  await using again = new RunningCommand(run, { env: { ...env, PGSTREAM_SEARCH_STORE_PASSWORD: password } })
  await eventually(
    async () => {
      await space.ask('POST', `${space.prefix}*/_refresh`)
      return (await findDocuments(space, { term: { 't.id': 7 } })).length === 1
    },
    { timeoutMs: 60_000, every: 100, about: `The row, with the right password again ${again.stderr}` },
  )
})
