import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { postgresServers } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import { times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'
import { notifierOf, subscribe } from '../support/webhooks.ts'

const patience = { timeoutMs: 120_000 }
const rows = times(300, 3_000)
const slowMs = 10_000

test('an endpoint that takes ten seconds for each answer does not delay another: what it has not taken waits for it alone', async (context) => {
  await using database = await preparedDatabase(postgresServers()[0]!, {
    before: (fresh) => fresh.query('create table t (id int primary key)'),
  })
  const over = new AbortController()
  let answeredSlowly = 0
  await using receiver = await Receiver.start(async ({ path }) => {
    if (path === '/fast') return 200
    await pause(slowMs, undefined, { signal: over.signal }).catch(() => undefined)
    answeredSlowly++
    return 200
  })
  for (const path of ['/slow', '/fast']) await subscribe(database, receiver.url + path, { table: 't' })
  await using stream = openStream(database, {
    processor: notifierOf(database, { clientTimeout: 170_000, workerCount: 10 }),
  })
  const committedAt = new Map<number, number>()
  await eventually(async () => {
    await database.query('insert into t values (0) on conflict do nothing')
    return receiver.takenBy('/fast').length > 0
  }, patience)
  for (let id = 1; id <= rows; id++) {
    await database.query('insert into t values ($1)', [id])
    committedAt.set(id, performance.now())
    await pause(20)
  }
  await eventually(() => assert.equal(receiver.takenBy('/fast').length, rows + 1), patience)
  const tookSlowly = answeredSlowly
  const delays = receiver
    .takenBy('/fast')
    .flatMap(({ key, at }) => at - (committedAt.get(Number(key)) ?? at))
    .sort((a, b) => a - b)
  const [p50, p99, most] = [0.5, 0.99, 1].map((part) => delays[Math.ceil(delays.length * part) - 1]!)
  context.diagnostic(
    `${rows} changes while one endpoint took ${slowMs} ms each: the other had them after ${p50!.toFixed(1)} ms (p50), ${p99!.toFixed(1)} ms (p99), ${most!.toFixed(1)} ms (all)`,
  )
  assert.ok(tookSlowly < rows / 2, `${tookSlowly} were taken by the slow one meanwhile`)
  assert.ok(most! < slowMs / 2, `the other was delayed by ${most!.toFixed(0)} ms`)
  over.abort()
  await eventually(() => assert.equal(receiver.takenBy('/slow').length, rows + 1), patience)
  await stream.stop()
})
