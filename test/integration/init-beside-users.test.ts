import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { init } from '../../src/postgres/init.ts'
import { tearDown } from '../../src/postgres/tear-down.ts'
import { postgresServers, temporaryDatabase } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'

const rounds = 4

/** Statement after statement until the signal fires; returns how many, and rejects with the first one that fails. */
async function keepOn(
  url: string,
  signal: AbortSignal,
  statements: (round: number) => string[],
): Promise<number> {
  await using session = await openSession(url)
  for (let round = 0; ; round += 1) {
    for (const statement of statements(round)) {
      if (signal.aborted) return round
      await session.query(statement)
    }
  }
}

for (const { major, url } of postgresServers()) {
  void describe(`users of Postgres ${major} beside init and tear-down`, () => {
    test('no statement of theirs fails, DDL or rows, however often pgstream comes and goes', async () => {
      await using database = await temporaryDatabase(url)
      await database.query(
        'create table keyless (a int); insert into keyless select generate_series(1, 20); create table shared (a int)',
      )
      const stop = new AbortController()
      const users = [
        ...['one', 'two'].map((name) =>
          keepOn(database.url, stop.signal, () => [
            `create table ${name} (a int)`,
            `insert into ${name} values (1), (2)`,
            `update ${name} set a = a + 1`,
            `create table ${name}_copy as select * from ${name}`,
            `delete from ${name}_copy`,
            `alter table ${name} add primary key (a)`,
            `alter table ${name} drop constraint ${name}_pkey`,
            `update ${name} set a = a + 1`,
            `drop table ${name}, ${name}_copy`,
          ]),
        ),
        keepOn(database.url, stop.signal, (round) => [
          `update keyless set a = a + 1 where a % 20 = ${round % 20}`,
          `delete from keyless where a = ${round}`,
          `insert into keyless values (${round})`,
        ]),
        keepOn(database.url, stop.signal, (round) => [
          `begin; update shared set a = ${round}; delete from shared; insert into shared values (1); commit`,
        ]),
      ]
      const done = Promise.all(users)
      done.catch(() => undefined)
      try {
        for (let round = 0; round < rounds; round += 1) {
          await init({ url: database.url })
          await tearDown({ url: database.url })
        }
      } finally {
        stop.abort()
      }
      const finished = await done
      assert.ok(Math.min(...finished) > 0, `everybody worked meanwhile: ${finished.join(', ')} rounds`)
    })
  })
}
