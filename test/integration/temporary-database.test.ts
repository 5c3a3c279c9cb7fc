import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'

for (const { major, url } of postgresServers()) {
  test(`Postgres ${major}: a temporary database takes its slots, visitors and prepared transactions with it`, async () => {
    const admin = new pg.Client({ connectionString: url })
    await admin.connect()
    try {
      await using database = await temporaryDatabase(url, { name: 'My-Db.1' })
      assert.deepEqual(await database.query('select current_database() as name'), [{ name: 'My-Db.1' }])
      await database.query(`select pg_create_logical_replication_slot('temporary_database_test', 'pgoutput')`)
      await database.query('create table t (id int)')
      await database.client.query('begin; insert into t values (1)')
      await database.query(`prepare transaction 'temporary_database_test'`)
      const visitor = new pg.Client({ connectionString: database.url })
      visitor.on('error', () => undefined)
      await visitor.connect()

      await database[Symbol.asyncDispose]()

      await assert.rejects(visitor.query('select 1'))
      const left = await admin.query(
        `select datname from pg_database where datname = 'My-Db.1'
         union all select slot_name from pg_replication_slots where slot_name = 'temporary_database_test'
         union all select gid from pg_prepared_xacts where gid = 'temporary_database_test'`,
      )
      assert.deepEqual(left.rows, [])
    } finally {
      await admin.end()
    }
  })
}
