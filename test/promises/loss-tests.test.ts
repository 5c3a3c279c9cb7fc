import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { describe, test } from 'node:test'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource, TemporaryDatabase } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase, slotNameOf } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

/**
 * Four set-ups in which other packages of npm lose rows: ten rows, one transaction each, and a handler that has trouble with
 * the fifth. What the handler took is what it did not fail for.
 */
const rows = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

const tenRows = async (database: TemporaryDatabase): Promise<void> => {
  for (const id of rows) await database.query('insert into t values ($1)', [id])
}

const withTable = (source: PostgresSource, settings = ''): Promise<TemporaryDatabase> =>
  preparedDatabase(source, {
    before: (fresh) =>
      fresh.query(
        `create table t (id int primary key); ${settings && `alter role current_user in database ${fresh.name} set ${settings}`}`,
      ),
  })

/** A handler for each row, as an object-mode Writable. */
function sink(take: (id: number) => void | Promise<void>): Writable {
  return new Writable({
    objectMode: true,
    write: (event: ChangeEvent, _encoding, callback) => {
      if (event.kind !== 'insert' || event.relation.table !== 't') return void callback()
      Promise.resolve()
        .then(() => take(Number(event.values[0])))
        .then(() => callback(), callback)
    },
  })
}

describe('ten rows, and trouble with the fifth', { concurrency: true }, () => {
  for (const source of postgresSources()) {
    for (const { how, fail } of [
      { how: 'rejects', fail: () => Promise.reject(new Error('the fifth')) },
      {
        how: 'throws',
        fail: () => {
          throw new Error('the fifth')
        },
      },
    ]) {
      test(`${source.label}: a handler that ${how} is given it again, and nothing behind it is confirmed`, async () => {
        await using database = await withTable(source)
        const taken: number[] = []
        {
          await using stream = openStream(database, {
            processor: (checkpointer) =>
              checkpointed(
                sink((id) => (id === 5 ? fail() : void taken.push(id))),
                checkpointer,
              ),
          })
          await tenRows(database)
          await assert.rejects(stream.ended, /the fifth/)
          const fifth = stream.events.find((event) => event.kind === 'insert' && event.values[0] === 5)
          assert.ok(fifth?.kind === 'insert')
          assert.ok((await confirmedLsn(database)) <= fifth.commitLsn)
        }
        await using stream = openStream(database, {
          processor: (checkpointer) =>
            checkpointed(
              sink((id) => void taken.push(id)),
              checkpointer,
            ),
        })
        await eventually(() => assert.ok(taken.includes(10)))
        await stream.stop()
        assert.deepEqual(
          [...new Set(taken)].sort((a, b) => a - b),
          rows,
        )
        assert.deepEqual(taken.slice(taken.lastIndexOf(5)), [5, 6, 7, 8, 9, 10])
      })
    }

    test(`${source.label}: a handler that never answers loses nothing, however many statuses are sent meanwhile`, async () => {
      await using database = await withTable(source, `wal_sender_timeout = '1s'`)
      const before = await confirmedLsn(database)
      {
        await using stream = openStream(database, {
          processor: (checkpointer) =>
            checkpointed(
              sink(() => new Promise(() => undefined)),
              checkpointer,
            ),
        })
        await tenRows(database)
        await stream.until((events) => events.some((event) => event.kind === 'insert'))
        const first = stream.events.find((event) => event.kind === 'insert')!
        await fourStatuses(database)
        const confirmed = await confirmedLsn(database)
        assert.ok(confirmed >= before && confirmed <= first.commitLsn)
      }
      const taken: number[] = []
      await using stream = openStream(database, {
        processor: (checkpointer) =>
          checkpointed(
            sink((id) => void taken.push(id)),
            checkpointer,
          ),
      })
      await eventually(() => assert.deepEqual(taken, rows))
      await stream.stop()
    })

    test(`${source.label}: a walsender that is ended in between is followed by the next, and nine later rows come`, async () => {
      await using database = await withTable(source)
      const taken: number[] = []
      await using stream = openStream(database, {
        processor: (checkpointer) =>
          checkpointed(
            sink((id) => void taken.push(id)),
            checkpointer,
          ),
      })
      for (const id of rows) {
        await database.query('insert into t values ($1)', [id])
        if (id % 3 !== 1) continue
        await eventually(() => assert.ok(taken.includes(id)))
        await database.query(
          'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1',
          [slotNameOf(database)],
        )
      }
      await eventually(() => assert.deepEqual(taken, rows))
      await stream.stop()
    })
  }
})

/** Until the server has heard of the listener four times more. */
async function fourStatuses(database: TemporaryDatabase): Promise<void> {
  const replied = async (): Promise<string | undefined> => {
    const [row] = await database.query<{ at: string }>(
      `select reply_time::text as at from pg_stat_replication r join pg_replication_slots s on s.active_pid = r.pid
        where s.slot_name = $1`,
      [slotNameOf(database)],
    )
    return row?.at
  }
  const seen = new Set<string>()
  await eventually(async () => {
    const at = await replied()
    if (at !== undefined) seen.add(at)
    return seen.size > 4
  })
}
