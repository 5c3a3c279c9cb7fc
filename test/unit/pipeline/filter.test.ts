import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { describe, test } from 'node:test'
import { tableFilter } from '../../../src/pipeline/filter.ts'
import type { TableFilterOptions } from '../../../src/pipeline/filter.ts'
import type { InsertEvent, MessageEvent, TruncateEvent, WalEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import type { Relation } from '../../../src/wal/relation.ts'
import { commit, insert, keepalive, position, users } from '../../support/events.ts'
import { tableSchema } from '../../support/log-entries.ts'
import { schemaChange } from '../../support/schema-changes.ts'
import { eventually } from '../../support/wait.ts'

async function filtered(options: TableFilterOptions, events: readonly WalEvent[]): Promise<WalEvent[]> {
  const passed: WalEvent[] = []
  await pipeline(Readable.from(events), tableFilter(options), async (source: AsyncIterable<WalEvent>) => {
    for await (const event of source) passed.push(event)
  })
  return passed
}

const relations = new Map<string, Relation>()

/** A row; those of one table share their relation, as in a stream. */
function rowOf(schema: string, table: string, n = 1): InsertEvent {
  const name = `${schema}.${table}`
  const relation = relations.get(name) ?? { ...users, oid: relations.size + 1, schema, table }
  relations.set(name, relation)
  return { ...insert(n), relation }
}

describe('the lists', () => {
  const rows = [
    rowOf('public', 'orders'),
    rowOf('public', 'secrets'),
    rowOf('shop', 'orders'),
    rowOf('shop', 'lines'),
  ]
  const cases: [string, TableFilterOptions, string[]][] = [
    ['none: everything passes', {}, ['public.orders', 'public.secrets', 'shop.orders', 'shop.lines']],
    ['include: only these', { include: ['orders', 'shop.l*'] }, ['public.orders', 'shop.lines']],
    ['exclude: all but these', { exclude: ['secrets', '*.orders'] }, ['shop.lines']],
    [
      'both: what is excluded is not included',
      { include: ['shop.*'], exclude: ['*.orders'] },
      ['shop.lines'],
    ],
    ['an empty exclude excludes nothing', { include: ['orders'], exclude: [] }, ['public.orders']],
  ]
  for (const [title, options, expected] of cases) {
    test(title, async () => {
      const passed = (await filtered(options, rows)) as InsertEvent[]
      assert.deepEqual(
        passed.map(({ relation: { schema, table } }) => `${schema}.${table}`),
        expected,
      )
    })
  }

  test('a pattern that cannot be read, and an empty include, are refused with the reason', () => {
    const code = 'PGSTREAM_CONFIG_INVALID'
    assert.throws(() => tableFilter({ include: ['shop.Orders'] }), {
      code,
      message: /^shop\.Orders .*upper-case/,
    })
    assert.throws(() => tableFilter({ exclude: ['a.b.c'] }), { code })
    assert.throws(() => tableFilter({ include: [] }), { code, message: /empty/ })
  })
})

test('positions and messages pass, whatever they stand beside; what passes is the same object, in its order', async () => {
  const message: MessageEvent = {
    ...insert(2),
    kind: 'message',
    transactional: true,
    prefix: 'p',
    content: Buffer.from('c'),
  }
  const kept = rowOf('public', 'orders', 7)
  const events = [
    rowOf('public', 'secrets'),
    message,
    kept,
    commit(1),
    rowOf('public', 'secrets'),
    commit(2),
    keepalive(3),
  ]
  const passed = await filtered({ include: ['orders'] }, events)
  const expected = [message, kept, commit(1), commit(2), keepalive(3)]
  assert.deepEqual(passed, expected)
  assert.ok(passed[0] === message && passed[1] === kept)
})

test('updates, deletes and TRUNCATE go the way of their table', async () => {
  const change = (table: string, kind: 'update' | 'delete' | 'truncate'): WalEvent => {
    const { values, ...rest } = rowOf('public', table)
    if (kind === 'update') return { ...rest, kind, values, old: null }
    if (kind === 'delete') return { ...rest, kind, old: values }
    return { ...rest, kind } satisfies TruncateEvent
  }
  for (const kind of ['update', 'delete', 'truncate'] as const) {
    const wanted = change('orders', kind)
    assert.deepEqual(await filtered({ include: ['orders'] }, [change('secrets', kind), wanted]), [wanted])
  }
})

test('schema changes pass as far as they are about wanted tables; those with rows in the stream end when renamed', async () => {
  const row = rowOf('public', 'orders')
  const describe = (name: string) => tableSchema(row.relation.oid, name, { id: 'integer!' })
  const passed = await filtered({ include: ['orders'] }, [
    row,
    schemaChange({ tables: [tableSchema(99, 'secrets', {})] }),
    schemaChange({ tables: [describe('archive')] }),
    schemaChange({ tables: [describe('archive')] }),
  ])
  assert.deepEqual(
    passed.map((event) =>
      event.kind === 'schema-change' ? event.entry.schema.dropped_tables.map(({ name }) => name) : event.kind,
    ),
    ['insert', ['orders']],
  )
})

test('the position of an event that is let out passes without it', async () => {
  const events = [{ ...rowOf('public', 'secrets'), position: position(5) }, rowOf('public', 'secrets')]
  assert.deepEqual(await filtered({ include: ['orders'] }, events), [keepalive(5)])
})

test('the predicate is asked for rows of wanted tables only, and lets out what it denies', async () => {
  const asked: number[] = []
  const events = [1, 2, 3, 4].map((n) => rowOf('public', n === 3 ? 'secrets' : 'orders', n))
  const passed = await filtered(
    {
      exclude: ['secrets'],
      predicate: (event) => {
        const n = event.kind === 'insert' ? Number(event.values[0]) : 0
        asked.push(n)
        return n % 2 === 0
      },
    },
    [...events, commit(9)],
  )
  assert.deepEqual(asked, [1, 2, 4])
  assert.deepEqual(passed, [events[1], events[3], commit(9)])
})

test('a predicate that throws ends the stream with its error', async () => {
  const predicate = (): boolean => {
    throw new Error('no idea')
  }
  await assert.rejects(filtered({ predicate }, [rowOf('public', 'orders')]), /no idea/)
})

test('while nobody takes what passes, it holds no more than three events', async () => {
  let read = 0
  const endless = function* (): Generator<WalEvent> {
    for (;;) {
      read++
      yield rowOf('public', read % 2 === 0 ? 'orders' : 'secrets', read)
    }
  }
  const source = Readable.from(endless(), { highWaterMark: 1 })
  const filter = source.pipe(tableFilter({ include: ['orders'] }))
  await eventually(() => assert.ok(filter.readableLength > 0 && filter.writableNeedDrain))
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(
    filter.readableLength + filter.writableLength <= 3,
    `${filter.readableLength} and ${filter.writableLength}`,
  )
  assert.ok(read <= 8, `${read} events were read`)
  source.destroy()
  filter.destroy()
})

test('an LSN of nothing but unwanted rows moves on: commits of them pass', async () => {
  const events = Array.from({ length: 50 }, (_, n) => [rowOf('public', 'secrets', n), commit(n)]).flat()
  const passed = await filtered({ include: ['orders'] }, events)
  assert.equal(passed.length, 50)
  assert.ok(passed.every(({ kind }) => kind === 'commit'))
  assert.equal(passed.at(-1)?.position?.offset, lsn(49n))
})
