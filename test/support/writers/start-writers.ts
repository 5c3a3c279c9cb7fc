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
  /** The number of the first: writers that were never there do not collide with what others left. Default 1. */
  readonly first?: number
  /** How many changes far behind is. Default 4000. */
  readonly mostBehind?: number
}

/** Disposing stops them, and tells of nothing. */
export interface RunningWriters extends AsyncDisposable {
  readonly journal: Journal
  /** Lets them end the transactions that they have begun. */
  stop(): Promise<void>
}

/** Sessions that write all kinds of transactions into a database that was prepared when it was empty. */
export async function startWriters(
  database: Pick<TemporaryDatabase, 'url' | 'query'>,
  { seed, lastXid, writers = 3, first = 1, mostBehind = 4_000 }: WriterOptions,
): Promise<RunningWriters> {
  await database.query(
    `create table if not exists ${sharedTable} (id bigint primary key, writer int, body text)`,
  )
  const journal = new Journal()
  let over = false
  const mayGoOn = async (): Promise<boolean> => {
    const hasRoom = async (): Promise<boolean> => over || journal.changesSince(await lastXid()) < mostBehind
    await eventually(hasRoom, { every: 5, timeoutMs: 120_000, about: 'Room for more changes' })
    return !over
  }
  const writing = Promise.all(
    Array.from({ length: writers }, (_, n) =>
      write(database.url, first + n, randomFrom(seed * 100 + first + n), journal, mayGoOn),
    ),
  )
  writing.catch(() => undefined) // \`stop\` tells of it
  const stop = async (): Promise<void> => {
    over = true
    await writing
  }
  return { journal, stop, [Symbol.asyncDispose]: () => stop().catch(() => undefined) }
}
