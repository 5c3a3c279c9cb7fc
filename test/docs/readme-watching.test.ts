import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pgstream } from '../support/command.ts'
import { postgresServers } from '../support/postgres.ts'
import { readmeBlocks } from '../support/readme.ts'
import { RunningOps } from '../support/running-ops.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map((match) => match[1] ?? match[2]!)

test('the commands that the README has for watching say that all is well', async () => {
  const [block, ...others] = await readmeBlocks('sh watching')
  assert.ok(block && others.length === 0)
  const [check, run, status, ...more] = block.trim().split('\n').map(words)
  assert.ok(check && run && status && more.length === 0)
  await using database = await preparedDatabase(postgresServers()[0]!)
  const argsOf = (line: readonly string[], port = ''): string[] => {
    assert.equal(line[0], 'pgstream')
    return line
      .slice(1)
      .map((word) => (word.startsWith('postgres:') ? database.url : word === ':9910' ? `:${port}` : word))
  }
  const before = await pgstream(argsOf(check))
  assert.equal(before.code, 0, before.stdout)
  assert.equal(run[1], 'run')
  // RunningOps says `run` and where to serve
  const rest = argsOf(run).slice(1)
  rest.splice(rest.indexOf('--ops-address'), 2)
  await using running = await RunningOps.start(rest)
  await eventually(async () => {
    const { code, stdout } = await pgstream(argsOf(status, running.port))
    assert.equal(code, 0, stdout)
    assert.match(stdout, /✓ pgstream \(pid \d+\): ready/)
  })
  assert.match(await (await fetch(running.url)).text(), /<title>pgstream<\/title>/)
})
