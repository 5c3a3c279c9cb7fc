import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import type { SchemaDelta } from '../../src/wal/schema-log.ts'
import { pgstream, RunningCommand } from '../support/command.ts'
import { postgresSources } from '../support/postgres.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

interface Line {
  readonly action: string
  readonly schema: string
  readonly table: string
  readonly columns: { readonly name: string; readonly value: unknown }[] | null
  readonly ordinal: number
}

/** `I public.orders 1`, or of an entry of the schema log `public ALTER TABLE: orders; without lines`. */
function inWords({ action, schema, table, columns }: Line): string {
  const value = (name: string): unknown => columns?.find((column) => column.name === name)?.value
  if (schema !== 'pgstream')
    return `${action} ${schema}.${table}${columns ? ` ${String(columns[0]!.value)}` : ''}`
  const delta = JSON.parse(String(value('schema'))) as SchemaDelta
  const names = [
    ...delta.tables.map(({ name }) => name),
    ...delta.dropped_tables.map(({ name }) => `without ${name}`),
  ]
  return `${String(value('schema_name'))} ${delta.command}: ${names.join('; ')}`
}

const parsed = (lines: readonly string[]): Line[] => lines.map((line) => JSON.parse(line) as Line)

for (const server of postgresSources()) {
  test(`${server.label}: run delivers the changes of wanted tables only, and the slot moves on past the others`, async () => {
    await using database = await preparedDatabase(server, {
      before: (fresh) =>
        fresh.query(`
          create schema shop; create schema "My Schema"; create schema attic;
          create table orders (id int primary key); create table secrets (id int primary key);
          create table shop.lines (id int primary key); create table shop.secret_lines (id int primary key);
          create table "My Schema"."a.b" (id int primary key); create table attic.old (id int primary key)`),
    })
    await using run = new RunningCommand(['run', '--stdout', '--exclude-tables', '*.*secret*'], {
      env: {
        PGSTREAM_POSTGRES_LISTENER_URL: database.url,
        PGSTREAM_FILTER_INCLUDE_TABLES: 'orders, shop.*, "My Schema"."a.b", shop.linse',
      },
    })
    await eventually(() => assert.equal(run.lines.length, 3), {
      about: 'entries of the three wanted schemas',
    })
    await database.query(`
      begin;
      insert into secrets values (1); insert into orders values (2); insert into attic.old values (3);
      insert into shop.secret_lines values (4); insert into shop.lines values (5);
      insert into "My Schema"."a.b" values (6);
      commit;
      update orders set id = 7; delete from secrets;
      truncate orders, secrets, shop.lines;
      alter table secrets add column word text; alter table orders add column note text;
      alter table attic.old add column note text;
      create table shop.more (id int); drop table shop.more, shop.secret_lines;
      alter table orders rename to secret_orders; insert into secret_orders values (8);
      alter table secret_orders rename to orders; insert into orders values (9)`)
    // an entry of the schema log may have the version 9
    await eventually(() => assert.match(run.stdout, /"table":"orders"[^\n]*"value":9}/), {
      about: 'the last row',
    })
    const lines = parsed(run.lines)
    assert.deepEqual(lines.map(inWords), [
      'My Schema REFRESH: a.b',
      'public REFRESH: orders',
      'shop REFRESH: lines',
      'I public.orders 2',
      'I shop.lines 5',
      'I My Schema.a.b 6',
      'U public.orders 7',
      'T public.orders',
      'T shop.lines',
      'public ALTER TABLE: orders',
      'shop CREATE TABLE: more',
      'shop DROP TABLE: without more',
      'public ALTER TABLE: without orders',
      'public ALTER TABLE: orders',
      'I public.orders 9',
    ])
    assert.deepEqual(
      lines.slice(3, 6).map(({ ordinal }) => ordinal),
      [1, 4, 5],
      'ordinals are those of the whole transaction',
    )
    await run.says(/no table is called shop\.linse; did you mean shop\.lines\?/)
    assert.equal(run.stderr.match(/filter: /g)?.length, 1, run.stderr)

    const before = await confirmedLsn(database)
    await database.query('insert into secrets values (10)')
    await eventually(async () => (await confirmedLsn(database)) > before)
    run.child.kill('SIGTERM')
    assert.equal((await run.finished).code, 0)
    assert.equal(run.lines.length, lines.length)
  })
}

test('replay filters, too, and says in its first line by what', async () => {
  const file = fileURLToPath(new URL('../../fixtures/recordings/shop.pgoutput.rec', import.meta.url))
  const all = await pgstream(['replay', file, '--stdout'])
  const some = await pgstream(['replay', file, '--stdout', '--include-tables', 'shop.orders'])
  assert.deepEqual(rowsByTable(all.stdout).get('orders'), rowsByTable(some.stdout).get('orders'))
  assert.ok(rowsByTable(all.stdout).size > 1)
  assert.equal(rowsByTable(some.stdout).size, 1)
  const [first] = some.stderr.split('\n')
  assert.deepEqual((JSON.parse(first!) as { include: string[] }).include, ['shop.orders'])
})

function rowsByTable(text: string): Map<string, number> {
  const rows = new Map<string, number>()
  for (const { schema, table } of parsed(text.trim().split('\n'))) {
    if (schema === 'shop') rows.set(table, (rows.get(table) ?? 0) + 1)
  }
  return rows
}

test('a pattern that cannot be read ends run before anything is connected', async () => {
  const { code, stderr } = await pgstream([
    ...['run', '--stdout', '--pgurl', 'postgres://127.0.0.1:1/nowhere'],
    ...['--include-tables', 'shop.Orders'],
  ])
  assert.equal(code, 2)
  assert.match(
    stderr,
    /--include-tables: "shop\.Orders" is not a list of tables: in shop\.Orders, .*"Orders"/,
  )
})
