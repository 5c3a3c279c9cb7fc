import type { TemporaryDatabase } from '../postgres.ts'
import { openSession } from '../session.ts'
import { confirmedLsn } from '../source.ts'
import type { HistoryChange } from './history.ts'
import type { NamedChange } from './judge-lives.ts'

/** What the server said is confirmed, and how many changes the sink had stored when it had said so. */
interface Observation {
  readonly confirmed: bigint
  readonly stored: number
}

/** Looks at the slot all the time, while a stream runs. */
export interface ConfirmationWatch extends AsyncDisposable {
  /** How often the slot was seen to move. */
  readonly moves: number
  /** Confirmations that covered a commit before each of its changes was stored. */
  tooEarly(history: readonly HistoryChange[], stored: readonly NamedChange[]): string[]
}

export async function watchConfirmations(
  database: TemporaryDatabase,
  stored: () => number,
): Promise<ConfirmationWatch> {
  const session = await openSession(database.url, 'a watch')
  const observations: Observation[] = [{ confirmed: await confirmedLsn(database, session.client), stored: 0 }]
  let over = false
  const watching = (async () => {
    while (!over) {
      const confirmed = await confirmedLsn(database, session.client)
      // what is stored after the look at the slot was there before, or soon enough
      if (confirmed !== observations.at(-1)!.confirmed) observations.push({ confirmed, stored: stored() })
    }
  })()
  return {
    get moves() {
      return observations.length - 1
    },
    tooEarly: (history, all) => {
      const storedAt = new Map<string, number>()
      for (const [i, { xid, change }] of all.entries()) {
        if (!storedAt.has(`${xid} ${change}`)) storedAt.set(`${xid} ${change}`, i)
      }
      return observations.flatMap(({ confirmed, stored: count }) => {
        const missing = history.filter(
          ({ xid, change, end }) =>
            end <= confirmed && (storedAt.get(`${xid} ${change}`) ?? Infinity) >= count,
        )
        return missing.length === 0 ? [] : [`${missing.length} changes, such as "${missing[0]!.change}"`]
      })
    },
    [Symbol.asyncDispose]: async () => {
      over = true
      await watching
      await session[Symbol.asyncDispose]()
    },
  }
}
