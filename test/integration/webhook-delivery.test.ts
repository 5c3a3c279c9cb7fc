import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Webhook } from 'standardwebhooks'
import { postgresSources } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { exampleSecret, notifierOf, subscribe } from '../support/webhooks.ts'

describe('notifications', { concurrency: 2 }, () => {
  for (const source of postgresSources()) {
    test(`${source.label}: rows and DDL arrive once, signed, as whoever subscribed wants them; then the slot is confirmed`, async () => {
      await using database = await preparedDatabase(source)
      await using receiver = await Receiver.start()
      await subscribe(database, `${receiver.url}/all`)
      await subscribe(database, `${receiver.url}/t`, { schema: 'public', table: 't', types: ['I', 'D'] })
      await subscribe(database, `${receiver.url}/ddl`, { schema: 'pgstream', table: 'schema_log' })
      await using stream = openStream(database, { processor: notifierOf(database) })
      await stream.changesOf(`
        create table t (id int primary key, name text);
        insert into t select i, 'row ' || i from generate_series(1, 50) i;
        update t set name = 'changed' where id = 7;
        delete from t where id = 3;
        create table other (id int primary key);
        insert into other values (1);
        truncate t`)
      await stream.stop()
      const truncate = stream.events.findLast((event) => event.kind === 'truncate')!
      assert.ok((await confirmedLsn(database)) > truncate.commitLsn)

      const ofTables = receiver.takenBy('/all').filter(({ table }) => table !== '')
      assert.equal(ofTables.length, 2 + 50 + 1 + 1 + 1 + 1)
      assert.equal(receiver.takenBy('/all').length - ofTables.length, 2, 'the marks of the test are messages')
      assert.equal(receiver.takenBy('/t').length, 51)
      assert.deepEqual(
        receiver.takenBy('/ddl').map(({ action, table }) => `${action} ${table}`),
        ['I schema_log', 'I schema_log'],
      )
      for (const { headers, text, id } of receiver.taken) {
        assert.equal(headers['content-type'], 'application/json')
        assert.match(String(headers['user-agent']), /^pgstream\/\d/)
        assert.match(id, /^[\dA-F]+\/[\dA-F]+-\d+(-D)?$/)
        new Webhook(exampleSecret).verify(text, headers as Record<string, string>)
      }
      const ids = receiver.takenBy('/all').map(({ id }) => id)
      assert.equal(new Set(ids).size, ids.length, 'an id names one change')
    })
  }
})
