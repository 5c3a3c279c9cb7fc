import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pgstream, RunningCommand } from '../support/command.ts'
import { postgresServers, temporaryDatabase, wal2jsonIsThere } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'

const server = postgresServers().find(({ major }) => major === 15)

test('init --plugin takes the plugins that there are', async () => {
  const { code, stderr } = await pgstream(['init', '--plugin', 'test_decoding'])
  assert.equal(code, 2)
  assert.match(stderr, /--plugin is one of pgoutput, wal2json/)
})

test('the printed script makes a slot of the plugin that was asked for', async () => {
  const of = async (...flags: string[]): Promise<string> =>
    (await pgstream(['init', '--print-sql', '--pgurl', 'postgres://ann@localhost/shop', ...flags])).stdout
  assert.match(await of('--plugin', 'wal2json'), /replication_slot\('pgstream_shop_slot', 'wal2json'\)/)
  assert.match(await of(), /replication_slot\('pgstream_shop_slot', 'pgoutput'\)/)
})

test(
  'run reads a slot of wal2json without being told, and init without --plugin leaves it alone',
  { skip: !(server && wal2jsonIsThere()) && 'needs wal2json' },
  async () => {
    await using database = await temporaryDatabase(server!.url)
    const target = ['--pgurl', database.url]
    const made = await pgstream(['init', '--plugin', 'wal2json', ...target])
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stdout, /slot: pgstream_\w+_slot with wal2json/)

    await using run = new RunningCommand(['run', '--stdout', ...target])
    await database.query('create table t (id bigint primary key); insert into t values (9007199254740993)')
    await eventually(() => run.stdout.includes('"type":"bigint","value":9007199254740993}'))
    run.child.kill('SIGTERM')
    assert.equal((await run.finished).code, 0)
    assert.match(run.stderr, /wal2json/)

    const again = await pgstream(['init', ...target])
    assert.equal(again.code, 1)
    assert.match(again.stderr, /has the plugin wal2json/)
    assert.match(again.stderr, /--plugin wal2json/)
    assert.equal((await pgstream(['init', '--plugin', 'wal2json', ...target])).code, 0)
  },
)
