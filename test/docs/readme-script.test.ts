import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { init } from '../../src/postgres/init.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import { repository, runnableBlock, workFolder, writeScript } from '../support/readme.ts'
import { eventually } from '../support/wait.ts'

const transactions = 60
const kills = 12

interface Line {
  action: string
  table: string
  columns: { name: string; value: unknown }[]
  commit_lsn: string
  ordinal: number
}

async function linesOf(folder: string): Promise<Line[]> {
  const text = await readFile(join(folder, 'changes.jsonl'), 'utf8').catch(() => '')
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Line)
}

const idsOf = (lines: readonly Line[]): number[] =>
  lines
    .filter(({ table }) => table === 'orders')
    .map(({ columns }) => columns.find(({ name }) => name === 'id')!.value as number)

function start(folder: string, url: string, dieAfterAppends: number): ChildProcess {
  const preload = join(repository, 'test/support/preload/die-after-append.mjs')
  return spawn(process.execPath, ['--import', preload, 'script.mjs'], {
    cwd: folder,
    env: { ...process.env, DATABASE_URL: url, DIE_AFTER_APPENDS: String(dieAfterAppends) },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
}

for (const server of postgresServers()) {
  test(`Postgres ${server.major}: the script in the README misses nothing when it is killed between write and callback`, async () => {
    await using database = await temporaryDatabase(server.url)
    await using folder = await workFolder()
    await writeScript(folder.path, await runnableBlock('postgresListener'))
    await database.query('create table orders (id int primary key, note text)')
    await init({ url: database.url })

    for (let n = 1; n <= transactions; n++) {
      await database.query('insert into orders values ($1, $2)', [n, `order ${n}`])
    }
    for (let kill = 1; kill <= kills; kill++) {
      const script = start(folder.path, database.url, kill === 1 ? 1 : 4)
      const [, signal] = (await once(script, 'exit')) as [number | null, string | null]
      assert.equal(signal, 'SIGKILL', 'the script dies in the middle of a change')
      await slotIsFree(database)
    }

    const script = start(folder.path, database.url, 0)
    await eventually(async () => assert.equal(new Set(idsOf(await linesOf(folder.path))).size, transactions))
    script.kill('SIGINT')
    assert.deepEqual(await once(script, 'exit'), [0, null])

    const lines = await linesOf(folder.path)
    const ids = idsOf(lines)
    assert.ok(ids.length > transactions, 'what was written and not called back for came again')
    const firstSeen = [...new Set(ids)]
    assert.deepEqual(
      firstSeen,
      [...firstSeen].sort((a, b) => a - b),
      'first arrivals are in commit order',
    )
    const names = new Map(lines.map((line) => [`${line.commit_lsn} ${line.ordinal}`, JSON.stringify(line)]))
    assert.equal(
      names.size,
      new Set(lines.map((line) => JSON.stringify(line))).size,
      'a change keeps its name',
    )
  })
}

async function slotIsFree(database: Awaited<ReturnType<typeof temporaryDatabase>>): Promise<void> {
  await eventually(async () => {
    const rows = await database.query('select from pg_replication_slots where database = $1 and active', [
      database.name,
    ])
    assert.equal(rows.length, 0)
  })
}
