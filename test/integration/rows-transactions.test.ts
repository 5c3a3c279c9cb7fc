import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SlotPosition } from '../../src/postgres/slot-position.ts'
import type { ChangeEvent, CommitEvent, WalEvent } from '../../src/wal/event.ts'
import { isPositionOnly } from '../../src/wal/event.ts'
import { formatLsn, parseLsn } from '../../src/wal/lsn.ts'
import { formatTime } from '../../src/wal/time.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { confirmedLsn, openSource, preparedDatabase } from '../support/source.ts'
import { nothingConfirmed, openStream } from '../support/stream.ts'

const firstValue = (event: ChangeEvent): unknown => (event.kind === 'insert' ? event.values[0] : event.kind)

for (const server of postgresSources()) {
  test(`${server.label}: transactions arrive whole and in the order of their commits`, async () => {
    await using source = await openSource(server)
    await source.query('create table log (id int primary key, who text)')
    await using early = await openSession(source.database.url)
    await using late = await openSession(source.database.url)

    const seen = await source.changesOf(async () => {
      await early.query(`begin; insert into log values (1, 'early')`)
      await late.query(`begin; insert into log values (2, 'late')`)
      await source.query(`insert into log values (3, 'between')`)
      await early.query(`insert into log values (4, 'early')`)
      await late.query(`insert into log values (5, 'late'); commit`)
      await source.query(`insert into log values (6, 'between')`)
      await early.query(`insert into log values (7, 'early'); commit`)
    })

    assert.deepEqual(seen.map(firstValue), [3, 2, 5, 6, 1, 4, 7])
    const lsns = seen.map((event) => event.lsn)
    assert.notDeepEqual(
      lsns,
      lsns.toSorted((a, b) => Number(a - b)),
    )
    const commits = seen.map((event) => event.commitLsn)
    assert.deepEqual(
      commits,
      commits.toSorted((a, b) => Number(a - b)),
    )
  })

  test(`${server.label}: LSNs, xids and commit times are those that test_decoding prints`, async () => {
    await using source = await openSource(server)
    await source.query('create table log (id int primary key, who text)')
    const other = `${source.database.name}_other`
    await source.query(`select pg_create_logical_replication_slot($1, 'test_decoding')`, [other])

    const seen = await source.changesOf(async () => {
      await source.query(`begin; insert into log values (1, 'a'), (2, 'b'); update log set who = 'c'; commit`)
      await source.query(`begin; delete from log; savepoint a; insert into log values (3, 'd'); commit`)
      await source.query(`copy log (id) from program 'seq 10 20'`)
    })

    const printed = await source.query<{ lsn: string; xid: string; data: string }>(
      `select lsn::text, xid::text, data
         from pg_logical_slot_get_changes($1, null, null, 'include-timestamp', 'on') where data !~ '^message'`,
      [other],
    )
    assert.deepEqual(
      seen.map((event) => [formatLsn(event.lsn), String(event.xid)]),
      printed.filter(({ data }) => data.startsWith('table')).map(({ lsn, xid }) => [lsn, xid]),
    )
    const xids = new Set(seen.map((event) => event.xid))
    const commits = source.stream.events.filter((event) => event.kind === 'commit' && xids.has(event.xid))
    assert.deepEqual(
      (commits as CommitEvent[]).map(({ xid, commitTime, position }) => [
        formatLsn((position as SlotPosition).offset),
        `COMMIT ${xid} (at ${formatTime(commitTime)})`,
      ]),
      printed
        .filter(({ data, xid }) => data.startsWith('COMMIT') && xids.has(Number(xid)))
        .map(({ lsn, data }) => [lsn, data]),
    )
    for (const event of seen) {
      const commit = commits.find((each) => each.kind === 'commit' && each.xid === event.xid) as CommitEvent
      assert.ok(event.commitLsn === commit.commitLsn && event.commitTime === commit.commitTime)
      assert.ok(event.lsn < event.commitLsn && event.commitLsn < commit.position.offset)
    }
  })

  test(`${server.label}: (commitLsn, ordinal) names a change, also when it comes again`, async () => {
    await using database = await preparedDatabase(server)
    await database.query('create table log (id serial primary key, who text)')
    await database.query(`insert into log (who) select 'a' from generate_series(1, 50)`)
    await database.query(`begin; insert into log (who) values ('b'); delete from log where id < 10; commit`)
    await database.query(`copy log (id) from program 'seq 100 200'`)
    await database.query(`truncate log`)
    await database.query(
      `select pg_logical_emit_message(true, 'app', 'x'), pg_logical_emit_message(false, 'app', 'y')`,
    )
    const [end] = await database.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn')

    const readAll = async (): Promise<ChangeEvent[]> => {
      await using stream = openStream(database, { processor: nothingConfirmed })
      const reached = (event: WalEvent): boolean =>
        isPositionOnly(event) && event.position.offset >= parseLsn(end!.lsn)
      await stream.until((events) => events.some(reached))
      return stream.events.filter((event) => !isPositionOnly(event))
    }
    const before = await confirmedLsn(database)
    const first = await readAll()
    assert.equal(await confirmedLsn(database), before)
    const second = await readAll()

    assert.ok(first.length > 160)
    const names = first.map((event) => `${event.commitLsn}-${event.ordinal}`)
    assert.equal(new Set(names).size, names.length)
    assert.deepEqual(second, first)
  })

  test(`${server.label}: two databases of one server do not see each other`, async () => {
    await using one = await openSource(server)
    await using two = await openSource(server)
    for (const source of [one, two]) await source.query('create table log (id int primary key)')
    await two.query('insert into log values (2)')
    assert.deepEqual((await one.changesOf('insert into log values (1)')).map(firstValue), [1])
    const [log] = (await two.stream.until((events) => {
      const found = events.filter((event) => event.kind === 'insert' && event.relation.table === 'log')
      return found.length > 0 && found
    })) as ChangeEvent[]
    assert.equal(firstValue(log!), 2)
    assert.ok(!one.stream.events.some((event) => event.kind === 'insert' && event.values[0] === 2))
  })
}
