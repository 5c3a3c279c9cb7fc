import type { TemporaryDatabase } from '../postgres.ts'
import type { ChangesFile } from './changes-file.ts'
import type { HistoryChange } from '../writers/history.ts'
import type { Change, Journal } from '../writers/journal.ts'
import { LivesJudge } from '../writers/judge-lives.ts'
import type { Piece } from '../writers/judge-lives.ts'
import { RebuiltTables } from './rebuilt-tables.ts'
import { readLine } from './written-line.ts'

export interface Verdict {
  readonly problems: readonly string[]
  /** What each process wrote; null for nothing. */
  readonly pieces: readonly (Piece | null)[]
  /** That were committed. */
  readonly changes: number
  readonly transactions: number
}

export interface Evidence {
  readonly database: TemporaryDatabase
  readonly file: ChangesFile
  readonly journal: Journal
  readonly history: readonly HistoryChange[]
}

/** Everything that is wrong with the file, by what the writers, Postgres' own decoder and the tables say. */
export async function judge({ database, file, journal, history }: Evidence): Promise<Verdict> {
  const lives = new LivesJudge(history)
  const tables = new RebuiltTables()
  for await (const text of file.lines()) {
    if (text === null) {
      lives.end()
      continue
    }
    const line = readLine(text)
    if (lives.line(line)) tables.take(line)
  }
  const missing = history.length - lives.written
  return {
    problems: [
      ...compareWithJournal(history, journal),
      ...lives.problems.found,
      ...(missing > 0 ? [`${missing} of ${history.length} changes are missing at the end`] : []),
      ...tables.problems.found,
      ...(await tables.differences(database)),
    ],
    pieces: lives.pieces,
    changes: history.length,
    transactions: journal.committed.size,
  }
}

/** That the history itself is what the writers did: who judges must not be wrong. */
function compareWithJournal(history: readonly HistoryChange[], journal: Journal): string[] {
  const problems: string[] = []
  const told = new Map<number, Change[]>()
  for (const { xid, change } of history) {
    if (journal.rolledBack.has(xid))
      problems.push(`transaction ${xid} was rolled back, but is in the history`)
    if (change.startsWith('insert pgstream.')) continue
    if (!told.has(xid)) told.set(xid, [])
    told.get(xid)!.push(change)
  }
  for (const [xid, changes] of journal.committed) {
    const seen = told.get(xid) ?? []
    if ([...changes].sort().join() !== seen.sort().join()) {
      problems.push(
        `transaction ${xid} has ${seen.length} changes in the history, its writer made ${changes.length}`,
      )
    }
  }
  return problems
}
