import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { pgstream, RunningCommand } from '../support/command.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import { readmeBlocks, repository } from '../support/readme.ts'
import { eventually } from '../support/wait.ts'

const patience = { timeoutMs: 90_000 }

/** The words of a line of shell, without their quotes. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? match[3]!)

const free = 'localhost:0'

test('the quick start of webhooks in the README ends with a signed change', async () => {
  const [block, ...others] = await readmeBlocks('sh webhooks')
  assert.ok(block && others.length === 0)
  const [listen, init, run, curl, psql, ...more] = block.trim().split('\n').map(words)
  assert.ok(listen && init && run && curl && psql && more.length === 0)
  await using database = await temporaryDatabase(postgresServers()[0]!.url)

  assert.equal(listen[0], 'pgstream')
  await using receiver = new RunningCommand([...listen.slice(1), '--address', free])
  await receiver.says(/Listening at/)
  const hook = /Listening at (\S+);/.exec(receiver.stderr)![1]!

  assert.equal(init[0], 'pgstream')
  const prepared = await pgstream(
    init.slice(1).map((word) => (word.startsWith('postgres:') ? database.url : word)),
  )
  assert.equal(prepared.code, 0, prepared.stderr)

  const [program, ...args] = run.map((word) => (word.startsWith('fixtures/') ? join(repository, word) : word))
  assert.equal(program, 'pgstream')
  const env = {
    PGSTREAM_POSTGRES_LISTENER_URL: database.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: free,
  }
  await using running = new RunningCommand(args, { env })
  await eventually(
    () => /"server":"[^"]+"/.test(running.stderr) || Promise.reject(new Error(running.stderr)),
    patience,
  )
  const server = /"server":"([^"]+)"/.exec(running.stderr)![1]!

  const [url, header, data] = [curl[2]!, curl[curl.indexOf('-H') + 1]!, curl[curl.indexOf('-d') + 1]!]
  const [name, value] = header.split(': ')
  const response = await fetch(url.replace('http://localhost:9900', server), {
    method: 'POST',
    headers: { [name!]: value! },
    body: data.replace('http://localhost:9910/webhook', hook),
  })
  assert.equal(response.status, 201, await response.text())

  await database.query(psql[psql.indexOf('-c') + 1]!)
  await eventually(
    () =>
      assert.match(
        receiver.stdout,
        /^✓ INSERT +public\.customers +id=1 +balance=12\.50 +webhook-id [\dA-F]+\/[\dA-F]+-\d+$/m,
      ),
    patience,
  )
  for (const command of [running, receiver]) {
    command.child.kill('SIGINT')
    assert.equal((await command.finished).code, 0, command.stderr)
  }
})
