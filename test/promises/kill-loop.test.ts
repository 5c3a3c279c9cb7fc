import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { killLoop } from '../support/kill-loop/kill-loop.ts'
import type { KillLoopReport } from '../support/kill-loop/kill-loop.ts'
import { postgresSources } from '../support/postgres.ts'
import { seed, times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const sources = postgresSources()
const kills = Math.ceil(times(36, 210) / sources.length)

function summary(report: KillLoopReport): string {
  const { kills: all, withinTransaction, aheadOfConfirmed, withinLine, whileStarting, stops } = report
  const { transactions, changes, megabytes } = report
  return [
    `${all} kills: ${withinTransaction} within a transaction, ${withinLine} within a line, ${whileStarting} while starting`,
    `${aheadOfConfirmed} with changes written beyond the confirmed position; ${stops} stops in order`,
    `${transactions} transactions, ${changes} changes, ${megabytes} MB written`,
  ].join('; ')
}

describe('killed at random moments and started again', () => {
  const reports: KillLoopReport[] = []

  for (const [i, source] of sources.entries()) {
    test(`${source.label}: run writes every committed change, in commit order, DDL before its rows, and nothing else`, async (context) => {
      await using database = await preparedDatabase(source)
      await using folder = await temporaryFolder()
      const report = await killLoop({ database, path: folder.file('changes.jsonl'), kills, seed: seed + i })
      reports.push(report)
      context.diagnostic(`seed ${seed + i}: ${summary(report)}`)
      assert.deepEqual(report.problems.slice(0, 10), [], `seed ${seed + i}: ${summary(report)}`)
    })
  }

  after(() => {
    if (reports.length < sources.length) return
    const sum = (count: (report: KillLoopReport) => number): number =>
      reports.reduce((all, report) => all + count(report), 0)
    assert.ok(sum(({ kills: all }) => all) >= 30, 'at least 30 kills')
    assert.ok(sum(({ withinTransaction }) => withinTransaction) >= 5, 'some amid a transaction')
    assert.ok(sum(({ aheadOfConfirmed }) => aheadOfConfirmed) >= 5, 'some amid a batch')
    assert.ok(sum(({ stops }) => stops) >= 1, 'one stop in order')
  })
})
