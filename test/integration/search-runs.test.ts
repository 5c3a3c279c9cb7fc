import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backfill } from '../../src/postgres/backfill/backfill.ts'
import { startBackfill } from '../../src/postgres/backfill/request-backfill.ts'
import { searchIndexer } from '../../src/search/search-indexer.ts'
import type { SearchIndexer } from '../../src/search/search-indexer.ts'
import { translator } from '../../src/translator/translator.ts'
import { filled } from '../support/backfill/fill.ts'
import { pgstream } from '../support/command.ts'
import { postgresServers } from '../support/postgres.ts'
import { searchSpace } from '../support/search.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { eventually } from '../support/wait.ts'

const [rows, everyWord] = [3_000, 500]

test('of rows that a backfill read, those that the store refuses are dead letters, the others are there', async () => {
  await using database = await preparedDatabase(postgresServers()[0]!, {
    before: ({ query }) =>
      query(`create table readings (id text primary key, number text);
        insert into readings select format('"%s\\é', i), case i % ${everyWord} when 0 then 'word' else i::text end
          from generate_series(1, ${rows}) i`),
  })
  await using space = searchSpace()
  const { url, prefix: indexPrefix, ask } = space
  let indexer: SearchIndexer | undefined
  await using stream = openStream(database, {
    stages: [translator()],
    prepare: (listener) => backfill(listener),
    processor: (checkpointer) =>
      (indexer = searchIndexer({
        ...{ url, indexPrefix, checkpointer, replicas: 0 },
        // a word in what is a number to the index makes a dead letter
        mapper: ({ name }, standard) => (name === 'number' ? { type: 'long' } : standard),
      })),
  })
  await stream.changesOf('select 1')
  await startBackfill({ url: database.url })
  await filled(database.url)
  const words = rows / everyWord
  assert.equal(indexer!.counts.deadLetters, words)
  assert.equal(indexer!.metrics.operations >= rows, true)
  const found = async (): Promise<number> => {
    await ask('POST', `${indexPrefix}*/_refresh`)
    return (await ask<{ count: number }>('GET', `${indexPrefix}public/_count`)).count
  }
  assert.equal(await found(), rows - words)
  const env = { PGSTREAM_SEARCH_STORE_URL: url, PGSTREAM_SEARCH_INDEX_PREFIX: indexPrefix }
  const letters = async (): Promise<string> => (await pgstream(['dead-letters', 'list'], { env })).stdout
  assert.match(await letters(), new RegExp(`_"${everyWord}\\\\é: .*search: ${words} dead letters`, 's'))

  await database.query(`update readings set number = '7' where number = 'word'`)
  await eventually(async () => assert.match(await letters(), /search: 0 dead letters/))
  assert.equal(await found(), rows)
  await stream.stop()
})
