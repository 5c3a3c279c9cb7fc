import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { ddlCases } from '../support/ddl/ddl-cases.ts'
import { postgresSources } from '../support/postgres.ts'
import { openSession } from '../support/session.ts'
import { openBench } from '../support/workload/bench.ts'
import type { Step } from '../support/workload/step.ts'

/** What affects how many rows is not counted here. */
function stepOf(sql: string): Step {
  const control = /^(begin|commit);$/.exec(sql)?.[1] as 'begin' | 'commit' | undefined
  return { session: 0, sql, ...(control ? { control } : { rows: 'unknown' }) }
}

const cases = await ddlCases()

test('every case of DDL has a title of its own and something to do', () => {
  assert.ok(cases.length > 40)
  assert.equal(new Set(cases.map(({ about }) => about)).size, cases.length)
  for (const { about, queries } of cases) assert.ok(about !== '' && queries.length > 1, about)
})

for (const source of postgresSources()) {
  test(`${source.label}: tables and rows of the stream are those of the catalogs after every DDL`, async (t) => {
    await using bench = await openBench(source)
    await using session = await openSession(source.url)
    const available = await session.query<{ name: string }>('select name from pg_available_extensions')
    const isThere = (needs: string): boolean =>
      needs.startsWith('Postgres ')
        ? source.major >= Number(needs.slice('Postgres '.length))
        : available.some(({ name }) => name === needs)
    for (const { about, needs, queries } of cases) {
      const skip = needs === undefined || isThere(needs) ? false : `needs ${needs}`
      await t.test(about, { skip }, async () => {
        const role = `test_${randomBytes(6).toString('hex')}`
        await session.query(`create role ${role}`)
        try {
          const steps = queries.map((sql) => stepOf(sql.replaceAll('ROLE', role)))
          const { failures, problems } = await bench.try(steps)
          assert.deepEqual(
            failures.map(({ step, message }) => `${step.sql}: ${message}`),
            [],
          )
          assert.deepEqual(problems, [])
        } finally {
          await session.query(`drop role ${role}`)
        }
      })
    }
  })
}
