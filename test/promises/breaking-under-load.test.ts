import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import { cuttingProxy, faultySink } from '../../src/testing/index.ts'
import type { CuttingProxy, FaultySink } from '../../src/testing/index.ts'
import { postgresServers, postgresSources, startPostgres } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { seed, times } from '../support/soak.ts'
import { preparedDatabase, slotNameOf } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import type { TestStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'
import { randomFrom } from '../support/workload/random.ts'
import type { Random } from '../support/workload/random.ts'
import { namedChange } from '../support/writers/change-of-event.ts'
import { openHistory } from '../support/writers/history.ts'
import type { HistoryChange } from '../support/writers/history.ts'
import { LivesJudge } from '../support/writers/judge-lives.ts'
import { startWriters } from '../support/writers/start-writers.ts'

type Breaking = (database: TemporaryDatabase, proxy: CuttingProxy, random: Random) => Promise<unknown>

const terminate: Breaking = (database) =>
  database.query(
    'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1 and active',
    [slotNameOf(database)],
  )

const cut: Breaking = async (_database, proxy, random) =>
  proxy.cut(random.chance(0.5) ? 'reset' : 'end', 'replication')

/** In the middle of what was not confirmed, which the next connection gives again. */
const cutAgain: Breaking = async (_database, proxy, random) => {
  let isStruck = false
  const place = { afterBytes: 5_000 + random.int(300_000) }
  void proxy.faultNext({ of: 'replication', ...place, then: 'reset' }).then(() => (isStruck = true))
  proxy.cut('reset', 'replication')
  await eventually(() => isStruck, { about: `A cut behind ${place.afterBytes} bytes` })
}

const breakings = [terminate, cut, cutAgain] as const

/** Slow enough that the source waits for it, amid a transaction most of the time. */
const slowSink = (): FaultySink => faultySink({ delayMs: 30 })

const streamInto = (sink: FaultySink, database: TemporaryDatabase): TestStream =>
  openStream(database, {
    processor: (checkpointer) => checkpointed(sink.writable({ highWaterMark: 100 }), checkpointer),
  })

const moreIsStored = (sink: FaultySink, stream: TestStream): Promise<unknown> => {
  const before = sink.stored.length
  return stream.until(() => sink.stored.length > before + 200, 'More changes')
}

/** Once and in order, everything that was committed. */
function assertWhole(sink: FaultySink, committed: readonly HistoryChange[]): void {
  const judge = new LivesJudge(committed)
  for (const event of sink.stored) judge.line(namedChange(event))
  assert.deepEqual(judge.problems.found, [])
  assert.equal(judge.written, committed.length)
  assert.equal(sink.stored.length, committed.length)
}

describe('a stream under load', { concurrency: 2 }, () => {
  for (const source of postgresSources()) {
    test(`${source.label}: wherever its connection breaks, it goes on with the change that comes next`, async () => {
      await using database = await preparedDatabase(source)
      await using proxy = await cuttingProxy({ target: database.url })
      const history = await openHistory(database)
      const random = randomFrom(seed)
      const sink = slowSink()
      await using stream = streamInto(sink, { ...database, url: proxy.url })
      await using writers = await startWriters(database, {
        seed,
        mostBehind: 2_000,
        lastXid: () => sink.stored.at(-1)?.xid ?? null,
      })
      for (let n = 0; n < times(12, 120); n++) {
        await moreIsStored(sink, stream)
        await breakings[n % breakings.length]!(database, proxy, random)
      }
      await writers.stop()
      const committed = await history.read()
      await stream.until(() => sink.stored.length >= committed.length, 'The last change')
      await stream.stop()
      assertWhole(sink, committed)
    })
  }

  const major = Math.max(...postgresServers().map((server) => server.major))

  test('goes on after its server was stopped or crashed, and was started again', async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    const history = await openHistory(database)
    const sink = slowSink()
    await using stream = streamInto(sink, database)
    for (const [n, mode] of (['immediate', 'fast', 'immediate', 'fast'] as const).entries()) {
      await using session = await openSession(database.url)
      await using writers = await startWriters(
        { url: database.url, query: (sql, values) => session.query(sql, values) },
        { seed, first: 1 + 3 * n, mostBehind: 2_000, lastXid: () => sink.stored.at(-1)?.xid ?? null },
      )
      await moreIsStored(sink, stream)
      // what is stored may be what the writers before them left
      await eventually(() => writers.journal.committed.size > 0, { about: 'A commit of these writers' })
      await server.restart(mode)
    }
    await using session = await openSession(database.url)
    const committed = await history.read(session)
    await eventually(() => sink.stored.length >= committed.length, { about: 'The last change' })
    await stream.stop()
    assertWhole(sink, committed)
  })
})
