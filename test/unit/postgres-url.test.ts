import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import type { ConnectionOptions } from 'node:tls'
import { parsePostgresUrl, redactUrl } from '../../src/postgres/postgres-url.ts'

const parts = (url: string): string => {
  const { user, password, host, port, database } = parsePostgresUrl(url)
  return [user, password, host, port, database].join(' ')
}

/** Null without TLS. */
const tls = (url: string): ConnectionOptions | null => {
  const { ssl } = parsePostgresUrl(url)
  assert.notEqual(ssl, true)
  return typeof ssl === 'object' ? ssl : null
}

const invalid = (url: string): PgstreamError => {
  try {
    parsePostgresUrl(url)
  } catch (error) {
    assert.ok(error instanceof PgstreamError)
    assert.equal(error.code, 'PGSTREAM_CONFIG_INVALID')
    return error
  }
  return assert.fail('it was accepted')
}

for (const [url, expected] of [
  ['postgres://ann:secret@db.example:6000/shop', 'ann secret db.example 6000 shop'],
  ['postgres://ann:secret@db.example:6000/shop?sslmode=disable', 'ann secret db.example 6000 shop'],
  ['PostgreSQL://ann:secret@db.example/shop?', 'ann secret db.example 5432 shop'],
  ['POSTGRES://ann:secret@db.example/shop', 'ann secret db.example 5432 shop'],
  ['  postgres://ann:secret@db.example/shop\n', 'ann secret db.example 5432 shop'],
  ['postgres://ann:secret@db.example?sslmode=disable', 'ann secret db.example 5432 ann'],
  ['postgres://ann:secret@db.example/', 'ann secret db.example 5432 ann'],
  ['postgres://ann:secret@/shop', 'ann secret localhost 5432 shop'],
  ['postgres://ann:secret@[2001:db8::7]:6000/shop', 'ann secret 2001:db8::7 6000 shop'],
  ['postgres://ann:secret@db.example/My-Db.1', 'ann secret db.example 5432 My-Db.1'],
  ['postgres://ann:secret@db.example/my%20db', 'ann secret db.example 5432 my db'],
  ['postgres://ann:secret@db.example/a%2Fb%40c', 'ann secret db.example 5432 a/b@c'],
  ['postgres://ann:secret@db.example/caf%C3%A9', 'ann secret db.example 5432 café'],
  ['postgres://ann%40corp:secret@db.example/shop', 'ann@corp secret db.example 5432 shop'],
  ['postgres://ann:se:cr:et@db.example/shop', 'ann se:cr:et db.example 5432 shop'],
  ['postgres://ann:p@ss@db.example/shop', 'ann p@ss db.example 5432 shop'],
  ['postgres://ann:p#ss@db.example/shop', 'ann p#ss db.example 5432 shop'],
  ['postgres://ann:p@s#s@db.example/shop', 'ann p@s#s db.example 5432 shop'],
  ['postgres://ann:p#s@s@db.example/shop?sslmode=disable', 'ann p#s@s db.example 5432 shop'],
  ['postgres://ann:p/a/ss@db.example/shop', 'ann p/a/ss db.example 5432 shop'],
  ['postgres://ann:p@a/ss@db.example/shop', 'ann p@a/ss db.example 5432 shop'],
  ['postgres://ann:p?ss@db.example/shop', 'ann p?ss db.example 5432 shop'],
  ['postgres://ann:p@ss?w=1@db.example/shop', 'ann p@ss?w=1 db.example 5432 shop'],
  ['postgres://ann:50%@db.example/shop', 'ann 50% db.example 5432 shop'],
  ['postgres://ann:50%zz%40@db.example/shop', 'ann 50%zz@ db.example 5432 shop'],
  ['postgres://ann:%ff@db.example/shop', 'ann %ff db.example 5432 shop'],
  ['postgres://ann:p%23s%40s%2F@db.example/shop', 'ann p#s@s/ db.example 5432 shop'],
  ['postgres://ann:secret@db.example/shop?options=-c%20a=x@y', 'ann secret db.example 5432 shop'],
  ['postgres:///shop?host=/tmp&port=6000&user=ann&password=a%26b', 'ann a&b /tmp 6000 shop'],
  ['postgres://ann:secret@%2Fvar%2Frun/shop', 'ann secret /var/run 5432 shop'],
] as const) {
  test(`${JSON.stringify(url)} is read as ${expected}`, () => {
    assert.equal(parts(url), expected)
  })
}

test('an empty URL means the local server, the user of the system and a database of that name', () => {
  const { username } = userInfo()
  const { user, host, port, database } = parsePostgresUrl('postgres://')
  assert.deepEqual([user, host, port, database], [username, 'localhost', 5432, username])
})

test('application name, options and timeout are those of the URL, else ours', () => {
  const plain = parsePostgresUrl('postgres://localhost/shop')
  assert.deepEqual(
    [plain.application_name, plain.options, plain.connectionTimeoutMillis],
    ['pgstream', undefined, 10_000],
  )
  const set = parsePostgresUrl(
    'postgres://localhost/shop?application_name=x&options=-c%20a=b&connect_timeout=3',
  )
  assert.deepEqual([set.application_name, set.options, set.connectionTimeoutMillis], ['x', '-c a=b', 3_000])
})

for (const [query, mode, verified] of [
  ['', 'prefer', false],
  ['sslmode=disable', 'disable', null],
  ['sslmode=prefer', 'prefer', false],
  ['sslmode=require', 'require', false],
  ['ssl=true', 'require', false],
  ['sslmode=verify-ca&sslrootcert=system', 'verify-ca', true],
  ['sslmode=verify-full&sslrootcert=system', 'verify-full', true],
] as const) {
  test(`with "${query}" TLS is used as libpq would`, () => {
    const url = `postgres://localhost/shop?${query}`
    const options = tls(url)
    assert.equal(parsePostgresUrl(url).sslMode, mode)
    assert.equal(options?.rejectUnauthorized ?? null, verified)
    assert.equal(options !== null && !options.checkServerIdentity, mode === 'verify-full')
  })
}

test('a root certificate makes sslmode=require check the chain', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pgstream-'))
  try {
    const file = join(folder, 'root.crt')
    await writeFile(file, 'a certificate')
    const options = tls(`postgres://localhost/shop?sslmode=require&sslrootcert=${file}`)
    assert.deepEqual([options?.rejectUnauthorized, options?.ca], [true, 'a certificate'])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a unix socket needs no TLS', () => {
  assert.equal(parsePostgresUrl('postgres://ann@/shop?host=/tmp&sslmode=require').ssl, false)
})

test('what cannot be used is named, and no secret with it', () => {
  for (const [url, named] of [
    ['mysql://ann:hush@db.example/shop', /does not begin with postgres/],
    ['host=db.example password=hush', /does not begin with postgres/],
    ['postgres://ann:hush@db.example/shop?sslmod=require', /unknown parameter "sslmod"/],
    ['postgres://ann:hush@db.example/shop?sslmode=maybe', /unknown sslmode/],
    ['postgres://ann:hush@db.example:99999/shop', /port/],
    ['postgres://ann:hush@db.example/shop?connect_timeout=soon', /connect_timeout/],
    ['postgres://ann:hush@one,two/shop', /several hosts/],
    ['postgres://ann:hush@db.example/shop?sslmode=require&sslrootcert=/nowhere.crt', /\/nowhere\.crt/],
    ['postgres://ann:hush@db.example:port/shop', /form/],
  ] as const) {
    const error = invalid(url)
    assert.match(error.message, named)
    assert.doesNotMatch(`${error.message} ${error.remedy} ${String(error.stack)}`, /hush/)
  }
})

test('a shown URL holds no password, however it was written', () => {
  assert.equal(redactUrl('postgres://ann:hush@db.example/My-Db.1'), 'postgres://ann@db.example:5432/My-Db.1')
  assert.equal(redactUrl('postgres://ann@[::1]/shop?password=hush'), 'postgres://ann@[::1]:5432/shop')
  assert.doesNotMatch(redactUrl('hush'), /hush/)
})
