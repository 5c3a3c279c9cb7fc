import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { translator } from '../../src/translator/translator.ts'
import type { PostgresCluster } from '../services/postgres-cluster.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { openHeldStream } from '../support/held-stream.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { isRow } from '../support/translations.ts'
import { eventually } from '../support/wait.ts'

/** Containers are killed ten seconds after they were told to stop. */
async function stopsInTime(server: PostgresCluster): Promise<void> {
  const late = Symbol('late')
  const first = await Promise.race([server.stop('fast'), pause(10_000, late)])
  assert.notEqual(first, late, 'the server still runs ten seconds after it was told to stop')
}

for (const { major } of postgresServers()) {
  test(`Postgres ${major}: a server can be shut down while the destination takes nothing, and goes on afterwards`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await database.query('create table t (id int, name text)')
    const { logger, lines } = heardLogger()
    await using stream = openHeldStream(database, { logger, maxQueueBytes: 10_000 })
    await database.query(`insert into t select i, 'row ' || i from generate_series(1, 50000) i`)
    await eventually(() => stream.sink.lines.length > 0)
    await stopsInTime(server)
    await eventually(() => lines.some(({ message }) => /is shutting down.*Trying again/.test(message)))
    await server.restart()
    stream.sink.letGo()
    await eventually(() => assert.equal(new Set(stream.sink.lines).size, 50_000))
    await stream.stop()
  })

  test(`Postgres ${major}: a server can be shut down just after DDL, whose marks it refuses by then`, async () => {
    await using server = await startPostgres({ major })
    await using database = await preparedDatabase(server)
    await using stream = openStream(database, { stages: [translator()] })
    await stream.changesOf('select 1')
    const creating = Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        await using user = await openSession(database.url)
        for (let n = 0; ; n++) await user.query(`create table t_${i}_${n} (id int primary key)`)
      }),
    )
    await stream.until((events) => events.length > 200)
    await Promise.all([stopsInTime(server), assert.rejects(creating)])
    await server.restart()
    await using user = await openSession(database.url)
    await user.query('create table after_all (id int primary key); insert into after_all values (1)')
    await stream.until((events) =>
      events.some((event) => isRow(event) && event.relation.table === 'after_all'),
    )
    await stream.stop()
  })
}
