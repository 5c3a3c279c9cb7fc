import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { seededRandom } from '../../src/testing/seeded-random.ts'
import { RunningCommand } from '../support/command.ts'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import { seed, times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'
import { deadLetters, subscribe } from '../support/webhooks.ts'
import { writeRows } from '../support/webhook-kill.ts'

const kills = times(4, 40)
const patience = { timeoutMs: 90_000 }
/** The newest server, and wal2json where there is one. */
const chosen = postgresSources().slice(-2)

for (const source of chosen) {
  test(`run is killed with deliveries under way, again and again: every change arrives at every receiver that answers (${source.label}, seed ${seed})`, async (context) => {
    await killAgainAndAgain(source, context)
  })
}

async function killAgainAndAgain(source: PostgresSource, context: TestContext): Promise<void> {
  await using database = await preparedDatabase(source, {
    before: (fresh) => fresh.query('create table t (id serial primary key, n int)'),
  })
  const random = seededRandom(seed)
  let underWay = 0
  await using receiver = await Receiver.start(async ({ path }) => {
    underWay++
    await pause(random() * (path === '/slow' ? 25 : 5))
    underWay--
    return path === '/flaky' && random() < 0.2 ? 503 : 200
  })
  const paths = ['/fast', '/slow', '/flaky']
  for (const path of paths) await subscribe(database, receiver.url + path, { table: 't' })
  const env = {
    PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
    PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
    PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
    PGSTREAM_WEBHOOK_NOTIFIER_EXP_BACKOFF_INITIAL_INTERVAL: '20ms',
    PGSTREAM_WEBHOOK_NOTIFIER_EXP_BACKOFF_MAX_RETRIES: '0',
    PGSTREAM_WEBHOOK_NOTIFIER_MAX_QUEUE_BYTES: '200KiB',
  }
  const run = (): RunningCommand => new RunningCommand(['run', '--pgurl', database.url], { env })
  const abort = new AbortController()
  const writing = writeRows(database, abort.signal)
  let whileUnderWay = 0
  for (let kill = 1; kill <= kills; kill++) {
    await using command = run()
    const before = receiver.taken.length
    const some = 5 + Math.floor(random() * 40)
    await eventually(() => {
      if (command.child.exitCode !== null) throw new Error(command.stderr)
      return receiver.taken.length > before + some && underWay > 0
    }, patience)
    command.child.kill('SIGKILL')
    if (underWay > 0) whileUnderWay++
    await command.finished
  }
  abort.abort()
  const committed = await writing
  await using last = run()
  const idsOf = (path: string): Set<number> =>
    new Set(receiver.takenBy(path).flatMap(({ action, key }) => (action === 'I' ? [Number(key)] : [])))
  await eventually(
    () => {
      for (const path of paths) assert.equal(idsOf(path).size, committed.length, path)
    },
    { timeoutMs: 120_000 },
  )
  last.child.kill('SIGTERM')
  assert.equal((await last.finished).code, 0, last.stderr)
  assert.equal((await deadLetters(database)).length, 0)
  for (const path of paths) assert.deepEqual(idsOf(path), new Set(committed))

  const names = new Map<string, string>()
  for (const { id, text } of receiver.arrived) {
    assert.equal(names.get(id) ?? text, text, `${id} named two changes`)
    names.set(id, text)
  }
  const again = receiver.takenBy('/fast').length - new Set(receiver.takenBy('/fast').map(({ id }) => id)).size
  context.diagnostic(
    `${kills} kills, ${whileUnderWay} with deliveries under way; ${committed.length} rows; ${again} came twice at /fast`,
  )
  assert.ok(whileUnderWay > kills / 2)
  assert.ok(again > 0, 'something was under way')
}
