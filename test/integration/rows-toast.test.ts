import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeEvent, UpdateEvent } from '../../src/wal/event.ts'
import { unchangedToast } from '../../src/wal/value.ts'
import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { postgresSources } from '../support/postgres.ts'
import { assertRow, printedRows } from '../support/rows.ts'
import { openSource } from '../support/source.ts'

/** A text of n characters that is stored out of line. */
const large = (n: number): string =>
  `(select string_agg(md5(i::text), '') from generate_series(1, ${n / 32}) i)`

function onlyUpdate(changes: readonly ChangeEvent[]): UpdateEvent {
  const [event, ...others] = changes
  assert.ok(event?.kind === 'update' && others.length === 0)
  return event
}

for (const server of postgresSources()) {
  test(`${server.label}: large values that an update leaves alone`, async (t) => {
    await using source = await openSource(server)
    const { query, database } = source
    const update = async (sql: string): Promise<UpdateEvent> => onlyUpdate(await source.changesOf(sql))

    await t.test(
      'under the default identity they are marked as unchanged, and named in the JSON',
      async () => {
        await query(`
        create table documents (id int primary key, title text, body text, "other ""body" bytea);
        alter table documents alter column body set storage external;
        insert into documents values (1, 'a', ${large(8_000)}, convert_to(${large(9_600)}, 'utf8'))`)
        const event = await update(`update documents set title = 'b'`)
        assert.equal(event.old, null)
        const [printed] = await printedRows(database, 'documents')
        assertRow(event.relation, event.values, {
          ...printed,
          body: unchangedToast,
          'other "body': unchangedToast,
        })
        const json = JSON.parse(encodeWireJson(event)) as {
          columns: { name: string }[]
          unchanged_toast: string[]
        }
        assert.deepEqual(json.unchanged_toast, ['body', 'other "body'])
        assert.deepEqual(
          json.columns.map((column) => column.name),
          ['id', 'title'],
        )
      },
    )

    await t.test('a changed large value arrives whole, the other stays unchanged', async () => {
      const event = await update(`update documents set body = body || 'x'`)
      const [printed] = await printedRows(database, 'documents')
      assertRow(event.relation, event.values, { ...printed, 'other "body': unchangedToast })
    })

    await t.test('a large value that becomes null is null', async () => {
      const event = await update(`update documents set body = null`)
      const [printed] = await printedRows(database, 'documents')
      assert.equal(printed!['body'], null)
      assertRow(event.relation, event.values, { ...printed, 'other "body': unchangedToast })
    })

    await t.test('a key change does not bring them', async () => {
      const event = await update(`update documents set id = 2`)
      assert.equal(event.old?.[0], 1)
      assert.equal(event.values[3], unchangedToast)
    })

    await t.test(
      'under REPLICA IDENTITY FULL nothing is missing, neither in the old row nor in the new',
      async () => {
        await query(`
        create table complete (id int, title text, body text);
        alter table complete alter column body set storage external;
        alter table complete replica identity full;
        insert into complete values (1, 'a', ${large(8_000)})`)
        const [before] = await printedRows(database, 'complete')
        const event = await update(`update complete set title = 'b'`)
        const [after] = await printedRows(database, 'complete')
        assert.ok(event.old)
        assertRow(event.relation, event.old, before!)
        assertRow(event.relation, event.values, after!)
        assert.ok(!('unchanged_toast' in (JSON.parse(encodeWireJson(event)) as object)))
      },
    )

    await t.test('a delete under REPLICA IDENTITY FULL brings them', async () => {
      const [before] = await printedRows(database, 'complete')
      const [event] = await source.changesOf('delete from complete')
      assert.ok(event?.kind === 'delete')
      assertRow(event.relation, event.old, before!)
    })

    await t.test('a large key that an update leaves alone is in the new row', async () => {
      await query(`
        create table long_keys (code text primary key, body text, n int);
        alter table long_keys alter column code set storage external, alter column body set storage external;
        insert into long_keys values (${large(2_560)}, ${large(8_000)}, 1)`)
      const event = await update(`update long_keys set n = 2`)
      const [printed] = await printedRows(database, 'long_keys')
      assertRow(event.relation, event.values, { ...printed, body: unchangedToast })
      const [deleted] = await source.changesOf('delete from long_keys')
      assert.ok(deleted?.kind === 'delete')
      assert.equal(deleted.old[0], printed!['code'])
    })

    await t.test('a value of some megabytes arrives as it is stored', async () => {
      await query(`create table huge (id int primary key, body text)`)
      const [inserted] = await source.changesOf(`insert into huge values (1, repeat('Zoë ', 1000000))`)
      assert.ok(inserted?.kind === 'insert')
      const [printed] = await printedRows(database, 'huge')
      assertRow(inserted.relation, inserted.values, printed!)
    })
  })
}
