import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import { postgresServers } from '../support/postgres.ts'
import { readPrometheus } from '../support/prometheus.ts'
import { Receiver } from '../support/receiver.ts'
import { RunningOps } from '../support/running-ops.ts'
import { preparedDatabase } from '../support/source.ts'
import { statusOf } from '../support/status-report.ts'
import { eventually } from '../support/wait.ts'
import { subscribe } from '../support/webhooks.ts'

const transactions = 60
const slow = 50
/** What a bucket may be off, and what a loaded machine may take from an answer to its callback. */
const [share, leewayMs] = [0.1, 400]

/** When it was committed, by Postgres: milliseconds since 1970. */
const committedAt = (text: string): number => {
  const { timestamp } = (JSON.parse(text) as { Data: { timestamp: string } }).Data
  return Date.parse(
    timestamp
      .replace(' ', 'T')
      .replace(/(\.\d{3})\d*/, '$1')
      .replace(/\+00$/, 'Z'),
  )
}

test('the percentiles from commit to durable are those that a receiver measures, by the same clock', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!, {
    before: (db) => db.query('create table items (id int primary key)'),
  })
  const measured: { committed: number; answered: number }[] = []
  await using receiver = await Receiver.start(async ({ text, key }) => {
    // a slow one near the end, for which those behind it wait: that tells the percentiles apart
    await pause(Number(key) === slow ? 4_000 : 300 + (Number(key) % 7) * 100)
    measured.push({ committed: committedAt(text), answered: Date.now() })
    return 200
  })
  await subscribe(database, receiver.url, { table: 'items' })
  await using run = await RunningOps.start(['--pgurl', database.url], {
    env: {
      PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
      PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
      PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
      PGSTREAM_WEBHOOK_NOTIFIER_WORKER_COUNT: '100',
    },
  })
  await eventually(async () => assert.equal((await run.ready()).code, 200))
  const before = (await run.status()).sinks[0]!.commitToDurableMs?.count ?? 0
  for (let id = 1; id <= transactions; id++) {
    await database.query('insert into items values ($1)', [id])
    await pause(50)
  }
  await eventually(() => assert.equal(measured.length, transactions), { timeoutMs: 60_000 })
  const told = await eventually(async () => {
    const { sinks } = await run.status()
    assert.equal(sinks[0]!.queue.length, 0)
    const { commitToDurableMs } = sinks[0]!
    assert.ok(commitToDurableMs !== null && commitToDurableMs.count >= before + transactions)
    return commitToDurableMs
  })

  // durable is a commit when everything before it is, too
  let answered = 0
  const outside = measured
    .sort((a, b) => a.committed - b.committed)
    .map((each) => (answered = Math.max(answered, each.answered)) - each.committed)
    .sort((a, b) => a - b)
  const at = (part: number): number => outside[Math.ceil(outside.length * part) - 1]!
  for (const [name, value] of [
    ['p50', at(0.5)],
    ['p95', at(0.95)],
    ['p99', at(0.99)],
    ['max', outside.at(-1)!],
  ] as const) {
    const off = Math.abs(told[name] - value)
    assert.ok(off <= value * share + leewayMs, `${name} is told as ${told[name]} ms, and was ${value} ms`)
  }
  assert.ok(told.p99 > told.p50 + 500, 'the slow ones are told apart')
  const { value } = readPrometheus(await run.metrics())
  const median = value('pgstream_processor_commit_to_durable', { processor: 'webhooks', quantile: '0.5' })
  assert.ok(Math.abs(median - told.p50) <= told.p50 * 0.2 + leewayMs)
  const { running } = await statusOf(['--pgurl', database.url, '--ops-address', `:${run.port}`])
  assert.equal(running!.sinks[0]!.name, 'webhooks')
})
