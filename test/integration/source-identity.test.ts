import assert from 'node:assert/strict'
import { chown, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import type { PgstreamError } from '../../src/errors.ts'
import type { PostgresCluster } from '../services/postgres-cluster.ts'
import { runCommand } from '../services/run-command.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresServers, startPostgres } from '../support/postgres.ts'
import { redirect } from '../support/redirect.ts'
import { openSession } from '../support/session.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { eventually } from '../support/wait.ts'

const fails = (message: RegExp) => (error: PgstreamError) => {
  assert.equal(error.code, 'PGSTREAM_SOURCE_CHANGED', error.message)
  assert.match(error.message, message)
  assert.match(error.remedy, /fill the destination anew/)
  return true
}

/** A copy of the files of a server that is down, to be put back. */
async function backUp(server: PostgresCluster, folder: string): Promise<() => Promise<void>> {
  const copy = join(folder, 'copy')
  await runCommand('cp', ['-a', server.dataDir, copy])
  return async () => {
    await rm(server.dataDir, { recursive: true })
    await runCommand('cp', ['-a', copy, server.dataDir])
  }
}

/** The server of this folder will start as a standby; what this gives makes it the primary. */
async function becomeStandby(server: PostgresCluster): Promise<() => Promise<void>> {
  const { uid, gid } = await stat(server.dataDir)
  const signal = join(server.dataDir, 'standby.signal')
  await writeFile(signal, '')
  await chown(signal, uid, gid)
  return async () => {
    await using user = await openSession(server.url)
    await user.query('select pg_promote()')
  }
}

describe('a stream that comes back', { concurrency: 2 }, () => {
  for (const { major } of postgresServers()) {
    test(`Postgres ${major}: to another server ends`, async () => {
      await using first = await startPostgres({ major })
      await using second = await startPostgres({ major })
      await using database = await preparedDatabase(first)
      await using other = await preparedDatabase(second, { name: database.name })
      await using port = await redirect()
      port.to(first.url)
      await using stream = openStream({ ...database, url: port.of(database.url) })
      await stream.changesOf('select 1')
      const ended = assert.rejects(stream.ended, fails(/another/))
      port.to(other.url)
      await ended
    })

    for (const { how, isPromoted, message } of [
      { how: 'restored', isPromoted: false, message: /was restored/ },
      { how: 'restored and promoted', isPromoted: true, message: /left timeline 1/ },
    ]) {
      test(`Postgres ${major}: to a server that was ${how}, with less than was read, ends`, async () => {
        await using folder = await temporaryFolder()
        await using server = await startPostgres({ major })
        await using database = await preparedDatabase(server)
        await server.stop()
        const putBack = await backUp(server, folder.path)
        await server.restart()
        await using user = await openSession(database.url)
        await using stream = openStream({ ...database, query: (sql, values) => user.query(sql, values) })
        await stream.changesOf('create table t as select generate_series(1, 10000)')
        const ended = assert.rejects(stream.ended, fails(message))
        await server.stop()
        await putBack()
        const promote = isPromoted ? await becomeStandby(server) : () => undefined
        await server.restart()
        await promote()
        await ended
      })
    }

    test(`Postgres ${major}: to a standby with everything waits for its promotion, goes on then, and says both`, async () => {
      await using server = await startPostgres({ major })
      await using database = await preparedDatabase(server, {
        before: (fresh) => fresh.query('create table t (id int primary key)'),
      })
      const { logger, lines } = heardLogger()
      await using stream = openStream(database, { logger })
      await stream.changesOf('insert into t values (1)')
      await server.stop()
      const promote = await becomeStandby(server)
      await server.restart()
      await eventually(() => lines.some(({ message }) => /is a standby.*Trying again/.test(message)), {
        about: 'A warning of the standby',
      })
      await promote()
      await using user = await openSession(database.url)
      await eventually(() => user.query('insert into t values (2)'), { about: 'The end of the recovery' })
      const inserted = await stream.until((events) => {
        const rows = events.flatMap((event) => (event.kind === 'insert' ? [event.values[0]] : []))
        return rows.length === 2 && rows
      })
      assert.deepEqual(inserted, [1, 2])
      assert.deepEqual(
        lines.flatMap(({ fields: { from, to } }) => (to ? [[from, to]] : [])),
        [[1, 2]],
      )
      await stream.stop()
    })
  }
})
