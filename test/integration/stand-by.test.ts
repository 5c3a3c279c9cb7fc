import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PgstreamError } from '../../src/errors.ts'
import { cuttingProxy } from '../../src/testing/cutting-proxy.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { openHeldStream } from '../support/held-stream.ts'
import { postgresServers } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

const rows = (events: readonly WalEvent[]): number => events.filter(({ kind }) => kind === 'insert').length

describe('a stand-by', () => {
  for (const server of postgresServers()) {
    test(`Postgres ${server.major}: takes over, and whoever was replaced ends with what it had queued`, async () => {
      await using database = await preparedDatabase(server, {
        before: (fresh) => fresh.query('create table t (id int primary key)'),
      })
      await using proxy = await cuttingProxy({ target: database.url })
      await using first = openHeldStream({ ...database, url: proxy.url })
      const ended = assert.rejects(first.ended, (error: PgstreamError) => {
        assert.equal(error.code, 'PGSTREAM_SLOT_ADVANCED')
        assert.match(error.message, /took over/)
        return true
      })
      await first.until(() => true)
      await database.query('insert into t select generate_series(1, 10)')
      await eventually(() => first.sink.writableLength > 0)

      const { logger, lines } = heardLogger()
      await using second = openStream(database, { logger })
      await eventually(() => lines.some(({ fields }) => fields['code'] === 'PGSTREAM_SLOT_ACTIVE'))
      proxy.refuse()
      proxy.cut()
      await second.until((events) => rows(events) === 10)
      await proxy.accept()
      await ended
      assert.equal(first.sink.destroyed, true)

      await database.query('insert into t values (11)')
      await second.until((events) => rows(events) === 11)
      await second.stop()
    })
  }
})
