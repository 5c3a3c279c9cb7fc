import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { translator } from '../../src/translator/translator.ts'
import type { TranslatorOptions } from '../../src/translator/translator.ts'
import { isPositionOnly } from '../../src/wal/event.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'
import { askCatalogs } from '../support/expected-translation.ts'
import { heardLogger } from '../support/heard-logger.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSource, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { inLines, isRow, translationOf } from '../support/translations.ts'

const translating = (options: TranslatorOptions = {}): { stages: [ReturnType<typeof translator>] } => ({
  stages: [translator(options)],
})

const translationsOf = (events: readonly ChangeEvent[]): unknown[] => events.filter(isRow).map(translationOf)

for (const server of postgresSources()) {
  describe(server.label, () => {
    test('rows of tables that were there before init, and of new ones, have the ids that the catalogs say', async () => {
      await using database = await preparedDatabase(server, {
        before: (made) =>
          made.query(
            'create table old (a int, gone int, "B b" text primary key); alter table old drop column gone',
          ),
      })
      await using stream = openStream(database, translating())
      const events = await stream.changesOf(
        `insert into old values (1, 'x');
         create table new (x int unique, y int not null, z int not null, unique (z, y), unique (z));
         insert into new values (1, 2, 3);
         update new set x = 4;
         delete from old;
         truncate new`,
      )
      const [old, fresh] = [
        await askCatalogs(database.query, 'old'),
        await askCatalogs(database.query, 'new'),
      ]
      const byZ = { ...fresh, identity: [fresh.columns['z']] }
      assert.deepEqual(translationsOf(events), [old, byZ, byZ, old, byZ])
      const { translation } = events.find(isRow)!
      assert.equal(translation?.versionColumnId, '')
    })

    test('each row has the names and the key of its own place, within one transaction too', async () => {
      await using source = await openSource(server, translating())
      const { query } = source
      const expected: unknown[] = []
      const events = await source.changesOf(async () => {
        await query('create table t (a int primary key, b int not null)')
        const oid = (await query<{ oid: string }>("select 't'::regclass::oid::int8::text as oid"))[0]!.oid
        await query('begin')
        for (const statement of [
          'select 1',
          'alter table t rename a to c',
          'alter table t drop constraint t_pkey, add primary key (b)',
          'alter table t add column a int',
          'alter table t rename to u',
          'create schema if not exists other; alter table u set schema other',
          'alter table other.u drop constraint t_pkey, add primary key (b) deferrable',
        ]) {
          await query(statement)
          const [{ name }] = (await query<{ name: string }>(`select ${oid}::regclass::text as name`)) as [
            { name: string },
          ]
          await query(`insert into ${name} values (${expected.length}, ${expected.length})`)
          expected.push(await askCatalogs(query, name))
        }
        await query('commit')
      })
      assert.deepEqual(translationsOf(events), expected)
    })

    test('an entry that a row needs comes before it, and not again', async () => {
      await using source = await openSource(server, translating())
      const events = await source.changesOf(
        'create table made as select n from generate_series(1, 2) n; insert into made values (3)',
      )
      assert.deepEqual(inLines(events), ['entry made', 'insert made 1', 'insert made 2', 'insert made 3'])
      const expected = await askCatalogs(source.query, 'made')
      assert.deepEqual(translationsOf(events), [expected, expected, expected])
      const names = events.map(({ commitLsn, ordinal }) => `${commitLsn} ${ordinal}`)
      assert.equal(new Set(names).size, names.length)
    })

    test('what init found is told before the rows that were written meanwhile', async () => {
      await using database = await preparedDatabase(server, {
        before: (made) => made.query('create table early (a int primary key)'),
      })
      // as if it had been written between the slot and the first entries
      await database.query('select pg_create_logical_replication_slot($1, $2)', ['other', 'pgoutput'])
      await database.query(
        `delete from pgstream.schema_log; insert into early values (1); select pgstream.refresh_schema('public')`,
      )
      await using stream = openStream(database, { slotName: 'other', ...translating() })
      await stream.until((events) => events.some(({ kind }) => kind === 'insert'))
      const events = stream.events.filter((event) => !isPositionOnly(event))
      assert.deepEqual(inLines(events).slice(0, 2), ['entry early', 'insert early 1'])
      const more = await stream.changesOf('insert into early values (2)')
      assert.deepEqual(inLines(more), ['insert early 2'])
      assert.deepEqual(translationsOf(events), [await askCatalogs(database.query, 'early')])
    })

    test('a table that was made while the triggers were off is described when its first row comes', async () => {
      const heard = heardLogger()
      await using source = await openSource(server, translating({ logger: heard.logger }))
      const events = await source.changesOf(
        `alter event trigger pgstream_ddl_command_end disable;
         create table silent (a int primary key);
         alter event trigger pgstream_ddl_command_end enable always;
         insert into silent values (1), (2)`,
      )
      assert.deepEqual(inLines(events).slice(0, 3), ['entry silent', 'insert silent 1', 'insert silent 2'])
      const expected = await askCatalogs(source.query, 'silent')
      assert.deepEqual(translationsOf(events), [expected, expected])
    })

    test('schemas that are to be skipped are left out with their DDL, and are known all the same', async () => {
      const skipSchema = (schema: string): boolean => schema === 'hidden'
      await using source = await openSource(server, translating({ skipSchema }))
      const events = await source.changesOf(
        `create schema hidden; create table hidden.t (a int primary key); insert into hidden.t values (1);
         create table seen (a int); insert into seen values (1);
         alter table hidden.t set schema public; insert into t values (2)`,
      )
      assert.deepEqual(inLines(events), ['entry seen', 'insert seen 1', 'entry t', 'insert t 2'])
    })

    test('finders decide on identity and version', async () => {
      await using source = await openSource(
        server,
        translating({
          findIdentity: ({ name }, schema) =>
            name === 'named' && schema === 'public' ? ['b', 'a'] : undefined,
          findVersion: ({ columns }) => columns.find(({ metadata }) => metadata === 'version')?.name,
        }),
      )
      const events = await source.changesOf(
        `create table named (a int, b int, v bigint); comment on column named.v is 'version';
         create table other (a int primary key, v int);
         insert into named values (1, 2, 3); insert into other values (1)`,
      )
      const { columns: ids } = await askCatalogs(source.query, 'named')
      const rows = events.filter(isRow).map(({ translation }) => translation)
      assert.deepEqual(rows[0]?.identityColumnIds, [ids['b'], ids['a']])
      assert.equal(rows[0]?.versionColumnId, ids['v'])
      assert.equal(rows[1]?.identityColumnIds?.length, 1)
      assert.equal(rows[1]?.versionColumnId, '')
    })
  })
}
