import assert from 'node:assert/strict'
import { finished } from 'node:stream/promises'
import { test } from 'node:test'
import type { PgstreamError } from '../../src/errors.ts'
import { searchIndexer } from '../../src/search/search-indexer.ts'
import type { SourcePlace } from '../../src/search/source-place.ts'
import type { InsertEvent, Translation } from '../../src/wal/event.ts'
import type { Lsn } from '../../src/wal/lsn.ts'
import type { Relation } from '../../src/wal/relation.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { searchSpace } from '../support/search.ts'

/** Of one row, in a transaction whose commit record stands behind it. */
function insertAt(at: bigint, second: number, offset: number): InsertEvent {
  const relation: Relation = {
    ...{ oid: 16_400, schema: 'public', table: 't', replicaIdentity: 'default' },
    columns: [{ name: 'id', type: 'integer', typeOid: 23, key: true }],
  }
  const translation: Translation = {
    ...{ schemaId: 'e', tableId: 'a', columnIds: ['a-1'], identityColumnIds: ['a-1'], versionColumnId: '' },
  }
  const position = { partition: '0', offset: BigInt(offset) }
  const place = { lsn: at as Lsn, commitLsn: (at + 1n) as Lsn, ordinal: 0, xid: 7, position }
  const commitTime = 1_795_000_000_000_000 + second * 1_000_000
  return { kind: 'insert', relation, translation, values: [1], commitTime, ...place }
}

test('a source that was restored, and has come further than the index since, is refused at the place where the index was', async () => {
  await using space = searchSpace()
  const source = (): Promise<SourcePlace> =>
    Promise.resolve({
      ...{ systemIdentifier: '7', timeline: 1, flushed: 1_000_000n as Lsn },
      leftAt: () => Promise.resolve(null),
    })
  const run = async (...changes: { at: bigint; second: number }[]): Promise<void> => {
    const indexer = searchIndexer({ url: space.url, indexPrefix: space.prefix, replicas: 0, source })
    const ended = finished(indexer)
    ended.catch(() => undefined)
    for (const [i, { at, second }] of changes.entries())
      if (!indexer.destroyed) indexer.write(insertAt(at, second, i))
    if (!indexer.destroyed) indexer.end()
    await ended
  }
  const first = [
    { at: 1000n, second: 0 },
    { at: 5000n, second: 30 },
  ]
  await run(...first)
  await run({ at: 2000n, second: 31 }, first[1]!)
  await run(...first, { at: 6000n, second: 29 })
  await run({ at: 6000n, second: 29 }, { at: 7000n, second: 40 })
  await assert.rejects(run({ at: 3000n, second: 41 }, { at: 8000n, second: 42 }), {
    code: 'PGSTREAM_SEARCH_AHEAD',
  })
  await assert.rejects(run({ at: 9000n, second: 50 }), {
    code: 'PGSTREAM_SEARCH_AHEAD',
    message: /7 before it was restored/,
  })
})

test('an index of the history that was deleted while it was written to is told of at the next start, with what to do', async () => {
  await using space = searchSpace()
  const run = async (): Promise<void> => {
    const indexer = searchIndexer({ url: space.url, indexPrefix: space.prefix, replicas: 0 })
    indexer.on('error', () => undefined)
    indexer.end()
    await finished(indexer)
  }
  await run()
  await run()
  await space.ask('DELETE', `${space.prefix}pgstream`)
  await space.ask('PUT', `${space.prefix}pgstream/_doc/source-1`, { system_identifier: '7', table_id: 'x' })
  await assert.rejects(run(), (error: PgstreamError) => {
    assert.equal(error.code, 'PGSTREAM_SEARCH_INDEX')
    assert.match(error.message, /deleted while pgstream wrote to it/)
    assert.match(error.remedy, /PGSTREAM_SEARCH_INDEX_GENERATION/)
    return true
  })
})

test('behind Kafka, where nobody can be asked, a source that was restored is told of, and what comes again is not', async () => {
  await using space = searchSpace()
  const { logger, lines } = heardLogger()
  const run = async (...changes: { at: bigint; minute: number }[]): Promise<number> => {
    const told = lines.length
    const indexer = searchIndexer({ url: space.url, indexPrefix: space.prefix, replicas: 0, logger })
    for (const [i, { at, minute }] of changes.entries()) indexer.write(insertAt(at, 60 * minute, i))
    indexer.end()
    await finished(indexer)
    return lines.slice(told).filter(({ fields }) => fields['code'] === 'PGSTREAM_SEARCH_AHEAD').length
  }
  // as an earlier version made it
  await space.ask('PUT', `${space.prefix}pgstream`, {
    mappings: { dynamic: 'strict', properties: { table_id: { type: 'keyword' } } },
  })
  const first = [
    { at: 1000n, minute: 0 },
    { at: 5000n, minute: 30 },
  ]
  assert.equal(await run(...first), 0)
  assert.equal(await run(...first, { at: 6000n, minute: 29 }), 0)
  assert.equal(await run({ at: 2000n, minute: 60 }, { at: 3000n, minute: 61 }), 1)
})
