import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pgstream } from '../support/command.ts'

const preload = fileURLToPath(new URL('../support/preload/throw-foreign.mjs', import.meta.url))

for (const how of ['exception', 'rejection']) {
  test(`an ${how} that nobody expected ends the command as a bug, with its place and without what it quotes`, async () => {
    const env = { NODE_OPTIONS: `--import ${preload}`, THROWN: 'planted-row', HOW: how }
    const { code, stdout, stderr } = await pgstream(
      ['run', '--stdout', '--pgurl', 'postgres://me:hush@127.0.0.1:1/shop'],
      { env },
    )
    assert.equal(code, 1)
    assert.equal(stdout, '')
    assert.match(
      stderr,
      /^error: .*SyntaxError.*\nremedy: .*bug of pgstream.*\ncode: PGSTREAM_INTERNAL\n {4}at /m,
    )
    assert.match(stderr, /throw-foreign\.mjs/)
    assert.doesNotMatch(stderr, /planted|hush/)
  })
}

test('with --json it is one object', async () => {
  const env = { NODE_OPTIONS: `--import ${preload}`, THROWN: 'planted-row' }
  const { code, stdout } = await pgstream(['check', '--json', '--pgurl', 'postgres://me@127.0.0.1:1/shop'], {
    env,
  })
  assert.equal(code, 1)
  const { error } = JSON.parse(stdout) as { error: Record<string, string> }
  assert.equal(error['code'], 'PGSTREAM_INTERNAL')
  assert.match(error['remedy'] ?? '', /report/)
  assert.doesNotMatch(stdout, /planted/)
})
