import type { TemporaryDatabase } from '../postgres.ts'
import { eventually } from '../wait.ts'
import { randomFrom } from '../workload/random.ts'
import { Journal } from './journal.ts'
import { sharedTable } from './open-transaction.ts'
import { write } from './writer.ts'

export interface WriterOptions {
  readonly seed: number
  /** The newest transaction that has arrived where they go: writers wait when that is far behind. */
  readonly lastXid: () => number | null | Promise<number | null>
  /** Default 3. */
  readonly writers?: number
  /** How many changes far behind is. Default 4000. */
  readonly mostBehind?: number
}

export interface RunningWriters {
  readonly journal: Journal
  /** Lets them end the transactions that they have begun. */
  stop(): Promise<void>
}

/** Sessions that write all kinds of transactions into a database that is prepared and empty. */
export async function startWriters(
  database: TemporaryDatabase,
  { seed, lastXid, writers = 3, mostBehind = 4_000 }: WriterOptions,
): Promise<RunningWriters> {
  await database.query(`create table ${sharedTable} (id bigint primary key, writer int, body text)`)
  const journal = new Journal()
  let over = false
  const mayGoOn = async (): Promise<boolean> => {
    const hasRoom = async (): Promise<boolean> => over || journal.changesSince(await lastXid()) < mostBehind
    await eventually(hasRoom, { every: 5, timeoutMs: 120_000, about: 'Room for more changes' })
    return !over
  }
  const writing = Promise.all(
    Array.from({ length: writers }, (_, n) =>
      write(database.url, n + 1, randomFrom(seed * 100 + n), journal, mayGoOn),
    ),
  )
  writing.catch(() => undefined) // \`stop\` tells of it
  return {
    journal,
    stop: async () => {
      over = true
      await writing
    },
  }
}
