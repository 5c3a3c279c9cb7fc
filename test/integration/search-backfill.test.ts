import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { filled } from '../support/backfill/fill.ts'
import { RunningCommand } from '../support/command.ts'
import { postgresServers } from '../support/postgres.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { searchSpace } from '../support/search.ts'
import { findDocuments } from '../support/search-stream.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'
import { randomFrom } from '../support/workload/random.ts'

const existing = 4_000

const tables = `
  create table items (id int primary key, n int, note text);
  insert into items select i, 0, 'old ' || i from generate_series(1, ${existing}) i;
  create table pairs (a text, b int, large text, primary key (a, b));
  alter table pairs alter large set storage external;
  insert into pairs select 'a' || i % 7, i, repeat('x', 3000) || i from generate_series(1, 300) i`

/** Changes rows of both tables, old and new ones, until it is told to stop. Gives how many transactions that were. */
function startWriting({ query }: TemporaryDatabase): () => Promise<number> {
  const random = randomFrom(7)
  let stopped = false
  const write = async (): Promise<number> => {
    let last = existing
    for (let count = 0; ; count++) {
      if (stopped) return count
      // the stream has to keep up on a machine that does other things, too
      await pause(5)
      const id = 1 + random.int(existing)
      await query(
        random.pick([
          `update items set n = n + 1, note = 'new ' || id where id = ${id}`,
          `delete from items where id between ${id} and ${id} + 3`,
          `insert into items values (${++last}, 1, 'inserted')`,
          `update items set id = ${++last} where id = ${id}`,
          `delete from items where id = ${id}; insert into items values (${id}, 2, 'again') on conflict do nothing`,
          `update pairs set b = b + 1000 where b = ${random.int(300)}`,
          `update pairs set large = repeat('y', 2500) || b where b = ${random.int(300)}`,
        ]),
      )
    }
  }
  const written = write()
  return () => {
    stopped = true
    return written
  }
}

test('a backfill with writes meanwhile, and a kill, ends in an index that equals the tables', async (context) => {
  await using database = await preparedDatabase(postgresServers()[0]!, {
    before: ({ query }) => query(tables),
  })
  const { url, query } = database
  await using space = searchSpace()
  const start = (): RunningCommand =>
    new RunningCommand(['run', '--backfill', '--pgurl', url], {
      env: {
        PGSTREAM_SEARCH_STORE_URL: space.url,
        PGSTREAM_SEARCH_INDEX_PREFIX: space.prefix,
        PGSTREAM_SEARCH_INDEX_REPLICAS: '0',
        PGSTREAM_SEARCH_INDEXER_BATCH_SIZE: '300',
      },
    })
  const stopWriting = startWriting(database)
  {
    await using first = start()
    const isUnderWay = async (): Promise<boolean> => {
      if (first.child.exitCode !== null) assert.fail(first.stderr)
      return (await query(`select from pgstream.backfills where rows > 500`)).length > 0
    }
    await eventually(isUnderWay, { timeoutMs: 60_000, every: 5, about: 'Some chunks that are durable' })
  }
  await using second = start()
  await filled(url)
  context.diagnostic(`${await stopWriting()} transactions were written meanwhile`)

  const stored = async (table: string, columns: readonly string[]): Promise<string[]> => {
    await space.ask('POST', `${space.prefix}*/_refresh`)
    const found = await findDocuments(space, { exists: { field: `${table}.${columns[0]!}` } })
    return found
      .map(({ fields }) => columns.map((name) => String(fields[`${table}.${name}`]?.[0])).join(' '))
      .sort()
  }
  const inTable = async (table: string, columns: readonly string[]): Promise<string[]> => {
    const rows = await query<Record<string, unknown>>(`select ${columns.join(', ')} from ${table}`)
    return rows.map((row) => columns.map((name) => String(row[name])).join(' ')).sort()
  }
  const assertEqual = (): Promise<unknown> =>
    eventually(
      async () => {
        if (second.child.exitCode !== null) return second.stderr
        for (const [table, ...columns] of [
          ['items', 'id', 'n', 'note'],
          ['pairs', 'a', 'b', 'large'],
        ] as const) {
          const [expected, found] = [await inTable(table, columns), await stored(table, columns)]
          assert.equal(found.length, expected.length, `${table}: ${found.length} of ${expected.length}`)
          assert.deepEqual(found, expected)
        }
        return 'equal'
      },
      { timeoutMs: 60_000, every: 200, about: 'An index that equals the tables' },
    )
  assert.equal(await assertEqual(), 'equal')

  // rows of a backfill are older than what the index holds: that is no older source
  await query(`insert into items values (0, 0, 'last')`)
  assert.equal(await assertEqual(), 'equal')
  second.child.kill('SIGTERM')
  assert.equal((await second.finished).code, 0)
  await using third = start()
  await query('delete from items where id = 0')
  await eventually(async () => (await stored('items', ['id'])).includes('0') === false, {
    timeoutMs: 60_000,
    every: 200,
    about: 'A change after another start',
  })
  assert.equal(third.child.exitCode, null, third.stderr)
})
