import assert from 'node:assert/strict'
import type { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { faultySink, FaultySinkError } from '../../src/testing/index.ts'
import type { FaultySink, FaultySinkOptions } from '../../src/testing/index.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { FaultyProcessor } from '../support/faulty-processor.ts'
import { postgresServers, postgresSources } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { seed, times } from '../support/soak.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'
import { walsender } from '../support/walsender.ts'
import { namedChange } from '../support/writers/change-of-event.ts'
import { watchConfirmations } from '../support/writers/confirmation-watch.ts'
import { openHistory } from '../support/writers/history.ts'
import { LivesJudge } from '../support/writers/judge-lives.ts'
import { commitLastRow } from '../support/writers/last-row.ts'
import { startWriters } from '../support/writers/start-writers.ts'
import type { RunningWriters } from '../support/writers/start-writers.ts'

type Ending = (sink: FaultySink, checkpointer: Checkpointer) => Writable

const endings: Readonly<Record<string, Ending>> = {
  'a Processor': (sink, checkpointer) => new FaultyProcessor(sink, checkpointer),
  'a Writable': (sink, checkpointer) => checkpointed(sink.writable({ highWaterMark: 1_000 }), checkpointer),
}

const faults: Readonly<Record<string, FaultySinkOptions<ChangeEvent>>> = {
  'rejects one delivery in ten': { rejectOneIn: 10 },
  'fails one time in ten after the write has happened': { failAfterWriteOneIn: 10 },
}

const failures = times(8, 80)

/** As a user does: makes a new pipeline whenever the sink has failed; stops when it has often enough. */
async function runAgainAndAgain(
  database: TemporaryDatabase,
  sink: FaultySink,
  ending: Ending,
  writers: RunningWriters,
): Promise<number[]> {
  /** How much was stored when each of the streams had ended. */
  const ends: number[] = []
  let last: number | null = null
  for (let isFailed = true; isFailed;) {
    await using stream = openStream(database, { processor: (checkpointer) => ending(sink, checkpointer) })
    isFailed = false
    const ended = stream.ended.catch((error: unknown) => {
      assert.ok(error instanceof FaultySinkError, String(error))
      isFailed = true
    })
    if (sink.failures >= failures && last === null) {
      await writers.stop()
      last = await commitLastRow(database)
    }
    await eventually(() => isFailed || (last !== null && sink.stored.at(-1)?.xid === last), {
      timeoutMs: 60_000,
      about: 'A failure, or the last row',
    })
    stream.listener.stop()
    await ended
    ends.push(sink.stored.length)
  }
  return ends
}

describe('a sink that fails', { concurrency: 2 }, () => {
  for (const [i, source] of postgresSources().entries()) {
    for (const [j, [what, options]] of Object.entries(faults).entries()) {
      const [kind, ending] = Object.entries(endings)[(i + j) % 2]!
      test(`${source.label}: ${kind} that ${what} loses nothing, and nothing is confirmed early`, async () => {
        await using database = await preparedDatabase(source)
        const history = await openHistory(database)
        const sink = faultySink({ ...options, seed, delayMs: 2 })
        await using watch = await watchConfirmations(database, () => sink.stored.length)
        await using writers = await startWriters(database, {
          seed,
          writers: 2,
          mostBehind: 2_000,
          lastXid: () => sink.stored.at(-1)?.xid ?? null,
        })
        const ends = await runAgainAndAgain(database, sink, ending, writers)

        const committed = await history.read()
        const stored = sink.stored.map(namedChange)
        const judge = new LivesJudge(committed)
        for (const [at, change] of stored.entries()) {
          while (ends[judge.pieces.length] === at) judge.end()
          judge.line(change)
        }
        assert.deepEqual(judge.problems.found.slice(0, 10), [])
        assert.equal(judge.written, committed.length)
        assert.deepEqual(watch.tooEarly(committed, stored).slice(0, 10), [])
        assert.ok(watch.moves >= 3, `the slot moved ${watch.moves} times`)
      })
    }
  }
})

describe('a sink that does not answer for three times wal_sender_timeout', { concurrency: true }, () => {
  for (const server of postgresServers()) {
    for (const [kind, ending] of Object.entries(endings)) {
      test(`Postgres ${server.major}: ${kind} keeps its connection, and nothing is confirmed meanwhile`, async () => {
        const rows = 20_000
        await using database = await preparedDatabase(server, {
          before: (fresh) =>
            fresh.query(`
              create table t (id int, name text);
              alter role current_user in database ${fresh.name} set wal_sender_timeout = '1s'`),
        })
        const sink = faultySink()
        await using stream = openStream(database, { processor: (checkpointer) => ending(sink, checkpointer) })
        await eventually(() => sink.stored.length > 0, { about: 'The entry of the table' })
        sink.hold()
        await database.query(`insert into t values (0, 'small')`)
        await database.query(`insert into t select i, repeat('x', 1000) from generate_series(1, ${rows}) i`)
        await eventually(() => stream.listener.readableLength > 0 && sink.waiting === 1)
        const small = stream.events.find((event) => event.kind === 'insert')!
        const first = await eventually(() => walsender(database))
        const replies = [first.reply]
        await eventually(
          async () => {
            const { pid, reply } = await walsender(database)
            assert.equal(pid, first.pid)
            assert.ok((await confirmedLsn(database)) <= small.commitLsn, 'confirmed early')
            if (reply !== replies.at(-1)) replies.push(reply)
            return reply > first.reply + 3
          },
          { about: 'Three seconds of statuses' },
        )
        const gaps = replies.slice(1).map((reply, i) => reply - replies[i]!)
        assert.ok(Math.max(...gaps) < 1, `silent for ${gaps.join(', ')} s`)

        sink.release()
        const isRow = ({ kind: event }: { kind: string }): boolean => event === 'insert'
        await eventually(() => sink.stored.filter(isRow).length === rows + 1)
        await stream.stop()
        assert.equal((await confirmedLsn(database)) > sink.stored.at(-1)!.commitLsn, true)
      })
    }
  }
})
