import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { postgresServers, startPostgres, temporaryDatabase } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'

const major = Math.max(...postgresServers().map((server) => server.major))

test('a private server has the settings asked for and keeps its data over a restart and a crash', async () => {
  await using server = await startPostgres({ major, settings: { wal_level: 'replica', fsync: 'on' } })
  await using database = await temporaryDatabase(server.url)
  const settings = `select current_setting('wal_level') as wal_level, current_setting('fsync') as fsync`
  assert.deepEqual(await database.query(settings), [{ wal_level: 'replica', fsync: 'on' }])
  await database.query('create table kept as select 1 as id')

  for (const mode of ['fast', 'immediate'] as const) {
    await server.restart(mode)
    await using visitor = await temporaryDatabase(server.url)
    const found = await visitor.query('select 1 from pg_database where datname = $1', [database.name])
    assert.equal(found.length, 1)
  }
})

test('a disposed server leaves nothing behind', async () => {
  const server = await startPostgres({ major })
  const folder = dirname(server.dataDir)
  assert.ok(existsSync(folder))
  await server[Symbol.asyncDispose]()
  assert.ok(!existsSync(folder))
  await assert.rejects(temporaryDatabase(server.url), { code: 'ECONNREFUSED' })
})

test('a server dies with the process that started it, also by SIGKILL', async () => {
  const support = new URL('../support/postgres.ts', import.meta.url).href
  const script = `
    const { startPostgres } = await import(${JSON.stringify(support)})
    const server = await startPostgres({ major: ${major} })
    process.stdout.write(JSON.stringify({ url: server.url, dataDir: server.dataDir }))
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [said] = (await once(child.stdout, 'data')) as [Buffer]
  const { url, dataDir } = JSON.parse(said.toString()) as { url: string; dataDir: string }
  assert.ok(existsSync(dataDir))

  child.kill('SIGKILL')

  await eventually(() => !existsSync(dirname(dataDir)), { about: 'The end of the data folder' })
  await assert.rejects(temporaryDatabase(url), { code: 'ECONNREFUSED' })
})
