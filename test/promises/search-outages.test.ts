import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { RunningCommand } from '../support/command.ts'
import { httpFront } from '../support/http-front.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { searchSpace, startOpenSearch } from '../support/search.ts'
import { times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

const stoppedMs = times(3_000, 60_000)
const refusedMs = times(2_000, 30_000)

/** Rows that come, change and go until it is stopped. */
function startWriting({ query }: TemporaryDatabase): () => Promise<void> {
  let stopped = false
  const written = (async () => {
    for (let id = 1; !stopped; id++) {
      await query(`insert into t select ${id}000 + i, 0 from generate_series(1, 20) i`)
      await query(`update t set n = n + 1 where id % 7 = ${id % 7} and id > ${id - 50}000`)
      await query(`delete from t where id between ${id - 3}000 and ${id - 3}005`)
      await pause(20)
    }
  })()
  written.catch(() => undefined) // the test says more than that its database is gone
  return () => {
    stopped = true
    return written
  }
}

test('a store that is killed and away for a while, and then refuses everything for a while, loses nothing', async (context) => {
  await using node = await startOpenSearch()
  await using space = searchSpace(node.url)
  await using front = await httpFront(node.url)
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using running = new RunningCommand(['run', '--pgurl', database.url], {
    env: {
      PGSTREAM_SEARCH_STORE_URL: front.url,
      PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix,
      PGSTREAM_SEARCH_INDEX_REPLICAS: '0',
    },
  })
  await database.query('create table t (id int primary key, n int)')
  const stored = async (): Promise<string[]> => {
    if (running.child.exitCode !== null) throw new Error(running.stderr)
    const alias = `${space.prefix}public`
    await space.ask('POST', `${alias}/_refresh`)
    const found: string[] = []
    for (let after: unknown[] | undefined; ;) {
      const { hits } = await space.ask<{
        hits: { hits: { fields: Record<string, number[]>; sort: unknown[] }[] }
      }>('POST', `${alias}/_search`, {
        size: 10_000,
        fields: ['t.id', 't.n'],
        _source: false,
        sort: [{ 't.id': 'asc' }],
        ...(after ? { search_after: after } : {}),
      })
      found.push(
        ...hits.hits.map(({ fields }) => `${String(fields['t.id']?.[0])} ${String(fields['t.n']?.[0])}`),
      )
      if (hits.hits.length < 10_000) return found
      after = hits.hits.at(-1)!.sort
    }
  }
  const isUnderWay = (): Promise<unknown> =>
    eventually(async () => (await stored()).length > 0, { timeoutMs: 60_000, every: 100, about: 'Some rows' })
  const stopWriting = startWriting(database)
  await isUnderWay()

  await node.stop('crash')
  await pause(stoppedMs)
  await node.restart()
  await isUnderWay()

  let refused = 0
  front.interfere(({ path }, response) => {
    if (!path.startsWith('/_bulk')) return false
    refused++
    response.writeHead(429, { 'content-type': 'application/json' }).end('{}')
    return true
  })
  // one that was sent while the node began may be waited for until the client gives it up, after a minute
  await eventually(() => refused > 0, { about: 'A request that is refused', timeoutMs: 120_000 })
  await pause(refusedMs)
  front.interfere(null)
  await stopWriting()
  const stoppedAt = performance.now()

  const rows = await database.query<{ id: number; n: number }>('select id, n from t order by id')
  const expected = rows.map(({ id, n }) => `${String(id)} ${String(n)}`)
  await eventually(
    async () => {
      const found = await stored()
      assert.equal(found.length, expected.length, `${found.length} of ${expected.length} rows`)
      assert.deepEqual(found, expected)
      return true
    },
    { timeoutMs: times(90_000, 900_000), every: 300, about: 'An index that equals the table' },
  )
  const seconds = ((performance.now() - stoppedAt) / 1000).toFixed(0)
  context.diagnostic(
    `${expected.length} rows; ${refused} requests were refused; equal ${seconds} s after the last row`,
  )
  assert.match(running.stderr, /Trying again/)
  assert.match(running.stderr, /works again/)
})
