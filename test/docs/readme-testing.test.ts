import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { postgresServers } from '../support/postgres.ts'
import { readmeBlocks, workFolder, writeScript } from '../support/readme.ts'
import { preparedDatabase } from '../support/source.ts'

test('the script in the README that breaks its own stream gets every row', async () => {
  const [script, ...others] = await readmeBlocks('ts test')
  assert.ok(script && others.length === 0, 'one block of README.md opens with "ts test"')
  await using folder = await workFolder()
  await writeScript(folder.path, script)
  await using database = await preparedDatabase(postgresServers()[0]!)
  await database.query('create table orders (id int primary key, note text)')
  for (let n = 1; n <= 60; n++) await database.query('insert into orders values ($1, $2)', [n, `order ${n}`])

  const { stdout } = await promisify(execFile)(process.execPath, ['script.mjs'], {
    cwd: folder.path,
    env: { ...process.env, DATABASE_URL: database.url },
    timeout: 60_000,
  })
  assert.match(stdout, /^again, because of: stored, but the answer got lost$/m)
  const [, orders, events, lost] =
    /^(\d+) orders, (\d+) events, (\d+) lost answers$/m.exec(stdout)?.map(Number) ?? []
  assert.equal(orders, 60)
  assert.ok(events! > 60 && lost! > 0, stdout)
})
