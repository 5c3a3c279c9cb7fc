import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { appendFile, chown, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import { connect } from '../../src/postgres/connect.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const skip = hasOpenssl || process.env['CI'] === 'true' ? false : 'openssl is not installed'

async function isEncrypted(url: string): Promise<boolean> {
  const client = await connect(url)
  try {
    const { rows } = await client.query<{ ssl: boolean }>(
      'select ssl from pg_stat_ssl where pid = pg_backend_pid()',
    )
    return rows[0]?.ssl ?? false
  } finally {
    await client.end()
  }
}

const isUnreachable = (error: unknown): boolean => {
  assert.ok(error instanceof PgstreamError)
  return error.code === 'PGSTREAM_SOURCE_UNREACHABLE' && error.remedy.includes('sslmode')
}

test('sslmode means what libpq means by it, on a server with TLS and on one without', { skip }, async () => {
  const plain = new URL(postgresServers()[0]?.url ?? '')
  const withMode = (url: string | URL, query: string): string =>
    Object.assign(new URL(url), { search: query }).href
  for (const mode of ['', 'sslmode=disable', 'sslmode=allow', 'sslmode=prefer']) {
    assert.equal(await isEncrypted(withMode(plain, mode)), false, mode)
  }
  for (const mode of ['sslmode=require', 'sslmode=verify-ca', 'sslmode=verify-full']) {
    await assert.rejects(isEncrypted(withMode(plain, mode)), isUnreachable, mode)
  }

  const folder = await mkdtemp(join(tmpdir(), 'pgstream-tls-'))
  await using server = await startPostgres({ major: postgresServers()[0]?.major ?? 15 })
  try {
    const root = join(folder, 'root.crt')
    const key = join(server.dataDir, 'server.key')
    const crt = join(server.dataDir, 'server.crt')
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject, '-keyout', key, '-out', crt],
      {
        stdio: 'ignore',
      },
    )
    execFileSync('cp', [crt, root])
    const owner = await stat(server.dataDir)
    for (const file of [key, crt]) await chown(file, owner.uid, owner.gid)
    await appendFile(join(server.dataDir, 'postgresql.conf'), '\nssl = on\n')
    await server.restart()
    const byName = Object.assign(new URL(server.url), { hostname: 'localhost' })
    for (const mode of ['', 'sslmode=prefer', 'sslmode=require', `sslmode=require&sslrootcert=${root}`]) {
      assert.equal(await isEncrypted(withMode(server.url, mode)), true, mode)
    }
    for (const mode of ['sslmode=disable', 'sslmode=allow']) {
      assert.equal(await isEncrypted(withMode(server.url, mode)), false, mode)
    }
    assert.equal(await isEncrypted(withMode(server.url, `sslmode=verify-ca&sslrootcert=${root}`)), true)
    assert.equal(await isEncrypted(withMode(byName, `sslmode=verify-full&sslrootcert=${root}`)), true)
    const refused = [
      withMode(server.url, 'sslmode=verify-ca&sslrootcert=system'),
      withMode(byName, 'sslmode=verify-full&sslrootcert=system'),
      withMode(server.url, `sslmode=verify-full&sslrootcert=${root}`),
    ]
    for (const url of refused) await assert.rejects(isEncrypted(url), isUnreachable, url)
  } finally {
    await rm(folder, { recursive: true })
  }
})
