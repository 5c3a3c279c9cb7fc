import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageEvent, WalEvent } from '../../src/wal/event.ts'
import { parseLsn } from '../../src/wal/lsn.ts'
import { encodeWireJson } from '../../src/wal/wire-json.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSource } from '../support/source.ts'

const isMessage = (event: WalEvent): event is MessageEvent => event.kind === 'message'

for (const server of postgresSources()) {
  test(`${server.label}: logical messages`, async (t) => {
    await using source = await openSource(server)
    const { query } = source
    await query('create table log (id int primary key)')

    await t.test('a transactional one stands among the changes of its transaction', async () => {
      const seen = await source.changesOf(`
        begin;
        insert into log values (1);
        select pg_logical_emit_message(true, 'outbox', '{"order": 1}');
        insert into log values (2);
        commit`)
      assert.deepEqual(
        seen.map((event) => [event.kind, event.ordinal]),
        [
          ['insert', 0],
          ['message', 1],
          ['insert', 2],
        ],
      )
      const message = seen.find(isMessage)!
      assert.deepEqual(
        [message.transactional, message.prefix, message.content.toString()],
        [true, 'outbox', '{"order": 1}'],
      )
      assert.equal(message.commitLsn, seen[0]!.commitLsn)
      assert.equal(message.xid, seen[0]!.xid)
      assert.equal(message.commitTime, seen[0]!.commitTime)
    })

    await t.test('a transactional one goes with a rollback, another one stays', async () => {
      const seen = await source.changesOf(`
        begin;
        select pg_logical_emit_message(true, 'app', 'gone'), pg_logical_emit_message(false, 'app', 'stays');
        rollback`)
      assert.deepEqual(
        seen.map((event) => isMessage(event) && [event.transactional, event.content.toString()]),
        [[false, 'stays']],
      )
    })

    await t.test(
      'one outside of transactions arrives at once, before the commit of who sent it',
      async () => {
        const seen = await source.changesOf(`
        begin; insert into log values (3); select pg_logical_emit_message(false, 'app', 'now'); commit`)
        assert.deepEqual(
          seen.map((event) => event.kind),
          ['message', 'insert'],
        )
        assert.ok(seen[0]!.commitLsn < seen[1]!.commitLsn)
      },
    )

    await t.test('it has the LSN that pg_logical_emit_message returned', async () => {
      const lsns: bigint[] = []
      const seen = await source.changesOf(async () => {
        for (const transactional of [true, false]) {
          const [row] = await query<{ lsn: string }>(`select pg_logical_emit_message($1, 'app', '') as lsn`, [
            transactional,
          ])
          lsns.push(parseLsn(row!.lsn))
        }
      })
      assert.deepEqual(
        seen.map((event) => event.lsn),
        lsns,
      )
    })

    await t.test('content is bytes: binary, empty and large ones arrive as they were sent', async () => {
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => 255 - i))
      // wal2json ends what it sends before the first zero
      const arriving = server.plugin === 'wal2json' ? bytes.subarray(0, 255) : bytes
      const contents = [bytes, Buffer.alloc(0), Buffer.alloc(3_000_000, 'abc'), Buffer.from('Zoë')]
      const seen = await source.changesOf(async () => {
        for (const content of contents) {
          await query(`select pg_logical_emit_message(true, 'Präfix "x"', $1::bytea)`, [content])
        }
      })
      const messages = seen.filter(isMessage)
      assert.equal(messages.length, contents.length)
      for (const [i, message] of messages.entries()) {
        assert.equal(message.prefix, 'Präfix "x"')
        assert.ok(message.content.equals(i === 0 ? arriving : contents[i]!))
      }
      const [binary, , , text] = messages.map((message) => JSON.parse(encodeWireJson(message)) as object)
      assert.equal((binary as { content_base64: string }).content_base64, arriving.toString('base64'))
      assert.equal((text as { content: string }).content, 'Zoë')
    })
  })
}
