import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { postgresServers } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'

const bin = fileURLToPath(new URL('../../bin/pgstream.js', import.meta.url))
const [server] = postgresServers()

/** By a shell, because Node gives its children a standard output in any case. */
const byShell = (command: string): Promise<{ code: unknown; stderr: string }> =>
  new Promise((resolve) => {
    execFile('sh', ['-c', command], { timeout: 60_000 }, (error, _stdout, stderr) =>
      resolve({ code: error ? error.code : 0, stderr }),
    )
  })

test('a standard output that nobody opened is refused, and nothing is confirmed', async () => {
  await using database = await preparedDatabase(server!)
  await database.query('create table items (id int primary key)')
  await database.query('insert into items select generate_series(1, 1000)')
  const before = await confirmedLsn(database)
  const { code, stderr } = await byShell(
    `'${process.execPath}' '${bin}' run --stdout --pgurl '${database.url}' >&-`,
  )
  assert.equal(code, 1)
  assert.match(stderr, /The standard output was closed before pgstream began/)
  assert.equal(await confirmedLsn(database), before)
})
