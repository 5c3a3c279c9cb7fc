import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heardLogger } from '../support/heard-logger.ts'
import { openSearchStream } from '../support/search-stream.ts'
import { eventually } from '../support/wait.ts'

const storeRetry = { firstMs: 50, mostMs: 500, retries: Infinity }

test('an index that is closed, without its pipeline, or one of two behind the alias: waited for and told, and no document is blamed', async () => {
  const { logger, lines } = heardLogger()
  await using stream = await openSearchStream({ storeRetry, logger, readRow: undefined })
  const { ask, prefix } = stream.space
  const index = `${prefix}public-1`
  await stream.query(
    `create table t (id int primary key, n int, large text); alter table t alter large set storage external`,
  )
  await stream.query(`insert into t values (0, 0, repeat('large', 4000))`)
  await stream.settled()
  const whatWasTold = (): string => JSON.stringify(lines.filter(({ level }) => level === 'warn'))
  let id = 0
  const stoppedBy = async (told: RegExp, doing: () => Promise<unknown>, undo: () => Promise<unknown>) => {
    await doing()
    await stream.query(`update t set n = n + 1 where id = 0`)
    await stream.query(`insert into t values (${++id})`)
    await eventually(() => told.test(stream.indexer.metrics.problem?.message ?? ''), { about: String(told) })
    assert.match(whatWasTold(), told)
    await undo()
    await stream.settled()
  }
  await stoppedBy(
    new RegExp(`index \\[${index}\\] is closed`),
    () => ask('POST', `${index}/_close`),
    () => ask('POST', `${index}/_open`),
  )
  const pipeline = (name: string | null) => () =>
    ask('PUT', `${index}/_settings`, { 'index.default_pipeline': name })
  await stoppedBy(/pipeline with id \[missing\] does not exist/, pipeline('missing'), pipeline(null))
  const second = { aliases: { [`${prefix}public`]: {} }, settings: { number_of_replicas: 0 } }
  await stoppedBy(
    /no write index is defined for alias|alias .* more than one ind/i,
    () => ask('PUT', `${prefix}second`, second),
    () => ask('DELETE', `${prefix}second`),
  )
  const found = await stream.find({ match_all: {} })
  assert.deepEqual(found.map(({ fields }) => fields['t.id']![0] as number).sort(), [0, 1, 2, 3])
  assert.equal(found.find(({ fields }) => fields['t.id']![0] === 0)?.fields['t.n']?.[0], 3)
  assert.equal(stream.indexer.counts.deadLetters, 0)
  assert.match(JSON.stringify(lines), /_open.*pipeline.*Take the alias away/)
})
