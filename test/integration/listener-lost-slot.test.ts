import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { PgstreamError } from '../../src/errors.ts'
import { postgresListener } from '../../src/postgres/postgres-listener.ts'
import { openHeldStream } from '../support/held-stream.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { preparedDatabase, slotNameOf } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

/** Writes WAL and lets the server remove what the settings allow, until the slot has lost what it needs. */
async function untilLost(database: TemporaryDatabase): Promise<void> {
  await eventually(
    async () => {
      await database.query(
        `select pg_switch_wal(), pg_logical_emit_message(false, 'fill', '') from generate_series(1, 3)`,
      )
      await database.query('checkpoint')
      const [slot] = await database.query<{ lost: boolean }>(
        `select wal_status is not distinct from 'lost' as lost from pg_replication_slots where slot_name = $1`,
        [slotNameOf(database)],
      )
      return slot!.lost
    },
    { timeoutMs: 20_000, about: 'The loss of the slot' },
  )
}

const major = Math.max(...postgresServers().map((server) => server.major))

test('a slot whose WAL was removed ends the stream and refuses the next, with the remedy', async () => {
  await using server = await startPostgres({
    major,
    settings: { max_slot_wal_keep_size: '16MB', min_wal_size: '32MB', max_wal_size: '32MB' },
  })
  await using database = await preparedDatabase(server)
  await using stream = openHeldStream(database)
  await database.query(`create table t (id int, name text); insert into t values (1, 'held')`)
  await eventually(() => assert.deepEqual(stream.sink.lines, ['held']))

  await untilLost(database)

  await assert.rejects(stream.ended, (error: PgstreamError) => {
    assert.equal(error.code, 'PGSTREAM_SLOT_INVALID', error.message)
    return true
  })
  const next = postgresListener({ url: database.url })
  const [error] = (await once(next, 'error')) as [PgstreamError]
  assert.equal(error.code, 'PGSTREAM_SLOT_INVALID')
  assert.match(error.message, /lost/)
  assert.match(error.remedy, /init/)
})
