import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { cuttingProxy } from '../../src/testing/cutting-proxy.ts'
import type { CuttingProxy, Fault } from '../../src/testing/index.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { isPositionOnly } from '../../src/wal/event.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresSources } from '../support/postgres.ts'
import type { PostgresSource, TemporaryDatabase } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import type { TestStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

/** A source whose stream goes through a proxy, and one transaction after the other. */
interface FaultySource extends AsyncDisposable {
  readonly database: TemporaryDatabase
  readonly proxy: CuttingProxy
  readonly stream: TestStream
  /** Commits three rows, one of them large, and one that is rolled back to a savepoint. */
  commit(): Promise<void>
  /** Waits for everything that was committed, and compares: each row once, in order, each transaction whole. */
  everythingCame(timeoutMs?: number): Promise<void>
}

async function faultySource(source: PostgresSource, senderTimeout?: string): Promise<FaultySource> {
  const database = await preparedDatabase(source, {
    before: async (fresh) => {
      await fresh.query('create table t (id int primary key, name text)')
      if (senderTimeout) {
        await fresh.query(
          `alter role current_user in database ${fresh.name} set wal_sender_timeout = '${senderTimeout}'`,
        )
      }
    },
  })
  const proxy = await cuttingProxy({ target: database.url })
  const stream = openStream({ ...database, url: proxy.url })
  await stream.changesOf('select 1')
  let id = 0
  return {
    database,
    proxy,
    stream,
    commit: async () => {
      await database.query(
        `begin; insert into t values (${++id}, 'a'), (${++id}, repeat('b', 20000));
         savepoint s; insert into t values (-1, 'never'); rollback to s;
         insert into t values (${++id}, 'c'); commit`,
      )
    },
    everythingCame: async (timeoutMs = 90_000) => {
      await stream.until((events) => rows(events).length >= id, `Row ${id}`, timeoutMs)
      await stream.changesOf('select 1')
      assert.deepEqual(
        rows(stream.events),
        Array.from({ length: id }, (_, n) => n + 1),
      )
      assert.ok(transactionsAreWhole(stream.events))
    },
    [Symbol.asyncDispose]: async () => {
      await stream[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
    },
  }
}

const rows = (events: readonly WalEvent[]): number[] =>
  events.flatMap((event) => (event.kind === 'insert' ? [Number(event.values[0])] : []))

/** A commit follows the changes of its own transaction, and no position stands among them. */
function transactionsAreWhole(events: readonly WalEvent[]): boolean {
  let open: bigint | null = null
  return events.every((event) => {
    if (event.kind === 'keepalive') return open === null
    const same = open === null || open === event.commitLsn
    open = isPositionOnly(event) ? null : event.commitLsn
    return same
  })
}

/** Strikes the next connections of the listener one after the other, while rows are committed. */
async function strike(source: FaultySource, faults: readonly Fault[]): Promise<void> {
  let left = faults.length
  for (const fault of faults) void source.proxy.faultNext({ of: 'replication', ...fault }).then(() => left--)
  await source.commit()
  source.proxy.cut('reset', 'replication')
  // an idle server sends hardly a frame
  await eventually(async () => {
    if (left > 0) await source.commit()
    return left === 0
  })
}

describe('a connection that breaks', { concurrency: true }, () => {
  const sources = postgresSources()
  for (const [number, each] of sources.entries()) {
    test(`${each.label}: at every frame, between two and within one, comes back with everything once and in order`, async () => {
      await using source = await faultySource(each)
      const { proxy } = source
      const handshake = proxy.connections.find(({ kind }) => kind === 'replication')!.frames
      const places = Array.from({ length: handshake + 12 }, (_, n) => n + 1)
      // each frame of the handshake on one of the sources, those of the stream on all
      for (const frame of places.filter((n) => n > handshake || n % sources.length === number)) {
        await strike(source, [
          { then: 'reset', afterFrames: frame },
          { then: 'end', insideFrame: frame },
        ])
        await source.everythingCame()
      }
      await source.stream.stop()
    })

    test(`${each.label}: byte by byte and late, everything comes`, async () => {
      await using source = await faultySource(each)
      for (const pace of [{ chunkBytes: 1 }, { chunkBytes: 100, delayMs: 1 }, { delayMs: 50 }]) {
        source.proxy.pace(pace)
        source.proxy.cut('reset', 'replication')
        await source.commit()
        await source.everythingCame()
      }
    })

    test(`${each.label}: silently is noticed, and comes back`, async () => {
      await using source = await faultySource(each, '2s')
      assert.ok(source.proxy.swallow('replication') > 0)
      await source.commit()
      await source.everythingCame()
      const { frames } = source.proxy.connections.findLast(({ kind }) => kind === 'replication')!
      await strike(source, [{ then: 'swallow', insideFrame: frames + 3 }])
      await source.everythingCame()
    })
  }

  const [first] = sources

  test('silently while it is being made is noticed, too', async () => {
    await using source = await faultySource(first!)
    await strike(source, [{ then: 'swallow', afterFrames: 20 }])
    await source.everythingCame(60_000)
  })

  test('while its server is away for a time says so, and comes back', async () => {
    await using source = await faultySource(first!)
    source.proxy.refuse()
    source.proxy.cut('end', 'replication')
    await source.commit()
    await source.proxy.accept()
    await source.everythingCame()
  })

  test('confirms over the next connection what became durable meanwhile', async () => {
    await using database = await preparedDatabase(first!)
    await using proxy = await cuttingProxy({ target: database.url })
    const { logger, lines } = heardLogger()
    await using stream = openStream({ ...database, url: proxy.url }, { logger })
    await stream.changesOf('create table t (id int)')
    proxy.refuse()
    proxy.cut('reset')
    await eventually(() => lines.some(({ level }) => level === 'warn'))
    const { commitLsn } = stream.events.findLast((event) => event.kind === 'commit')!
    await proxy.accept()
    await eventually(async () => assert.ok((await confirmedLsn(database)) > commitLsn))
    await stream.stop()
  })
})
