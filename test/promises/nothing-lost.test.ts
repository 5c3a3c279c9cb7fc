import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { postgresSources } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { preparedDatabase, slotNameOf } from '../support/source.ts'
import { storingSinks } from '../support/storing-sinks.ts'
import { openStream } from '../support/stream.ts'
import type { TestStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

type End = (
  stream: TestStream,
  database: TemporaryDatabase,
  moreIsStored: () => Promise<unknown>,
) => Promise<unknown>

/** Everything that ends a stream, gently or not; the sink that fails does so by itself. */
const ends: Readonly<Record<string, End>> = {
  'is stopped': async ({ listener }) => listener.stop(),
  'is destroyed': async ({ listener }) => listener.destroy(),
  'loses its connection, comes back and is stopped': async ({ listener }, database, moreIsStored) => {
    const cut = 'select pg_terminate_backend(active_pid) from pg_replication_slots where slot_name = $1'
    await database.query(cut, [slotNameOf(database)])
    await moreIsStored()
    listener.stop()
  },
  'has a sink that fails': async () => undefined,
}

/** Writes small transactions, some rolled back, some overlapping, until it is told to stop; gives the committed ids. */
async function write(database: TemporaryDatabase, session: number, until: AbortSignal): Promise<string[]> {
  await using client = await openSession(database.url)
  const committed: string[] = []
  for (let n = 0; !until.aborted; n++) {
    await client.query('begin')
    const ids = await client.query<{ id: string }>(
      'insert into t (session) select $1 from generate_series(1, $2) returning id::text',
      [session, 1 + (n % 7)],
    )
    if (n % 5 === 0) await client.query(`select pg_logical_emit_message($1, 'noise', '')`, [n % 10 === 0])
    const kept = n % 6 !== 0
    await client.query(kept ? 'commit' : 'rollback')
    if (kept) committed.push(...ids.map(({ id }) => id))
  }
  return committed
}

for (const source of postgresSources()) {
  test(`${source.label}: however often and in whatever way a stream ends, every committed row is stored`, async () => {
    await using database = await preparedDatabase(source, {
      before: (fresh) => fresh.query('create table t (id bigserial primary key, session int)'),
    })
    /** Ids by the name of their change. */
    const store = new Map<string, string>()
    const abort = new AbortController()
    const writers = [1, 2].map((session) => write(database, session, abort.signal))

    for (const [how, end] of Object.entries(ends)) {
      for (const [what, sinkOf] of Object.entries(storingSinks)) {
        let fresh = 0
        const keep = (event: ChangeEvent): void => {
          if (event.kind !== 'insert' || event.relation.table !== 't') return
          const name = `${event.commitLsn}-${event.ordinal}`
          const id = String(event.values[0])
          if (!store.has(name) && how === 'has a sink that fails' && ++fresh === 60)
            throw new Error('the disk is full')
          assert.equal(store.get(name) ?? id, id, `${name} named two changes`)
          store.set(name, id)
        }
        await using stream = openStream(database, { processor: (checkpointer) => sinkOf(keep, checkpointer) })
        let over = false
        const ended = stream.ended.catch(() => undefined).finally(() => (over = true))
        const moreIsStored = async (): Promise<void> => {
          const before = store.size
          const about = `Rows in ${what} of a stream that ${how}`
          await eventually(() => over || store.size > before + 50, { every: 5, about })
        }
        await moreIsStored()
        await end(stream, database, moreIsStored)
        await ended
      }
    }
    abort.abort()
    const committed = (await Promise.all(writers)).flat()

    await using last = openStream(database, {
      processor: (checkpointer) =>
        storingSinks['a Processor']!((event) => {
          if (event.kind === 'insert')
            store.set(`${event.commitLsn}-${event.ordinal}`, String(event.values[0]))
        }, checkpointer),
    })
    await last.changesOf('select 1')
    await last.stop()
    const ids = [...store.values()]
    assert.ok(committed.length > 500)
    assert.deepEqual(new Set(ids), new Set(committed))
    assert.equal(ids.length, committed.length, 'a change had two names')
  })
}
