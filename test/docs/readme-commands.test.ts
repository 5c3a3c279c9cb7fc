import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { keepOutputOf } from '../support/kept-output.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { readmeBlocks, repository } from '../support/readme.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { TemporaryFolder } from '../support/temporary-folder.ts'

/** Executed elsewhere: by everybody who runs this test, and by test/integration/demo.test.ts. */
const executedElsewhere = ['npm ci', 'npm run demo']

const exampleUrl = 'postgres://postgres:postgres@localhost:5432/shop'

/** The words of one line of shell, as far as the README uses it. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!)

function start(command: string, url: string, cwd: string) {
  const [name, ...args] = words(command.replace(exampleUrl, url))
  assert.equal(name, 'pgstream', `the test knows how to execute: ${command}`)
  const child = spawn(process.execPath, [join(repository, 'bin/pgstream.js'), ...args], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  keepOutputOf(child, args)
  child.stderr.pipe(process.stderr)
  return { child, exit: once(child, 'exit') }
}

let customers = 9007199254740993n

async function execute(command: string, database: TemporaryDatabase, folder: TemporaryFolder): Promise<void> {
  const { child, exit } = start(command, database.url, folder.path)
  if (command.startsWith('pgstream run')) {
    await database.query(`insert into customers values (${customers++}, 12.50)`)
    for await (const line of createInterface({ input: child.stdout })) {
      const { action, table } = JSON.parse(line) as { action: string; table: string }
      if (action === 'I' && table === 'customers') break
    }
    child.kill('SIGINT')
  }
  child.stdout.resume()
  assert.deepEqual(await exit, [0, null], command)
}

test('every command of the README works, in the order in which a newcomer meets them', async () => {
  const commands = (await readmeBlocks('sh')).flatMap((block) => block.trim().split('\n'))
  assert.ok(commands.length >= 5)
  await using folder = await temporaryFolder()
  await using database = await temporaryDatabase(postgresServers()[0]!.url)
  await database.query('create table customers (id bigint primary key, balance numeric(10,2))')
  for (const command of commands) {
    if (!executedElsewhere.includes(command)) await execute(command, database, folder)
  }
  const left = await database.query(
    `select nspname::text from pg_namespace where nspname = 'pgstream'
     union all select slot_name::text from pg_replication_slots where database = current_database()`,
  )
  assert.deepEqual(left, [], 'the last command removes every trace')
})

test('the scripts that the README names exist', async () => {
  const { scripts } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const readme = await readFile(join(repository, 'README.md'), 'utf8')
  const named = [...readme.matchAll(/npm run ([a-z:]+)/g)].map((match) => match[1]!)
  assert.ok(named.length > 0)
  for (const name of named) assert.ok(scripts[name], `npm run ${name}`)
})
