import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WalEvent } from '../../src/wal/event.ts'
import { searchSpace } from '../support/search.ts'
import { bringAgain, openSearchStream } from '../support/search-stream.ts'

async function eventsOf(statements: readonly string[]): Promise<readonly WalEvent[]> {
  await using stream = await openSearchStream()
  for (const statement of statements) await stream.query(statement)
  await stream.settled()
  await stream.source.stream.stop()
  return stream.source.stream.events
}

const beginsOf = (events: readonly WalEvent[]): number[] => [
  0,
  ...events.flatMap(({ kind }, i) => (kind === 'commit' && i + 1 < events.length ? [i + 1] : [])),
]

/** For each end of a process, each place where the next one may begin: how many documents there are by alias, at the end. */
async function afterCrashes(events: readonly WalEvent[], aliases: readonly string[]): Promise<unknown[]> {
  const begins = beginsOf(events)
  const found: unknown[] = []
  for (const [i, until] of [...begins.slice(1), events.length].entries()) {
    await using space = searchSpace()
    const { ask, prefix } = space
    await bringAgain({ space }, events.slice(0, until))
    for (const from of begins.slice(0, i + 1).toReversed()) {
      await bringAgain({ space }, events.slice(from, until))
    }
    // the whole of it from where the first stopped, and once from the middle of what it had
    await bringAgain({ space }, events.slice(begins[i >> 1]))
    const counts: Record<string, number> = {}
    for (const alias of aliases) {
      const path = `${encodeURIComponent(prefix + alias)}/_count?ignore_unavailable=true`
      counts[alias] = (await ask<{ count: number }>('GET', path)).count
    }
    found.push({ until, ...counts })
  }
  return found
}

test('rows of a table that is gone come again, and its fields are what they were: a domain, another type', async () => {
  const events = await eventsOf([
    'create domain small as int',
    'create table t (id int primary key, n small, c int)',
    'insert into t values (1, 5, 7)',
    'alter table t alter c type text',
    "insert into t values (2, 6, 'word')",
    'create table other (id int primary key)',
    'drop table t',
    'insert into other values (1)',
  ])
  const found = await afterCrashes(events, ['public'])
  assert.ok(found.length > 6)
  for (const [i, state] of found.entries())
    assert.deepEqual(state, { ...(state as object), public: 1 }, `end ${i}`)
})

test('what comes again moves no table that is further: not to the schema that had its name before', async () => {
  const events = await eventsOf([
    'create schema y; create table y.o (id int primary key); insert into y.o values (1)',
    'create schema x; create table x.t (id int primary key, n int); insert into x.t values (1, 1), (2, 2)',
    'insert into x.t values (3, 3)',
    'create unique index on x.t (n)',
    'alter schema y rename to z',
    'insert into z.o values (2)',
    'alter schema x rename to y',
    'insert into y.t values (4, 4)',
    'drop schema y cascade',
    'insert into z.o values (3)',
  ])
  const found = await afterCrashes(events, ['x', 'y', 'z'])
  assert.ok(found.length > 8)
  for (const [i, state] of found.entries())
    assert.deepEqual(state, { ...(state as object), x: 0, y: 0, z: 3 }, `end ${i}`)
})
