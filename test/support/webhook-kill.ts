import { setTimeout as pause } from 'node:timers/promises'
import type { TemporaryDatabase } from './postgres.ts'

/** Writes small transactions until it is told to stop; gives the ids of the rows that were committed. */
export async function writeRows(database: TemporaryDatabase, until: AbortSignal): Promise<number[]> {
  const committed: number[] = []
  for (let n = 0; !until.aborted; n++) {
    const rows = await database.query<{ id: number }>(
      `insert into t (n) select $1::int from generate_series(1, $2) returning id`,
      [n, 1 + (n % 5)],
    )
    committed.push(...rows.map(({ id }) => id))
    await pause(15) // faster, and the slowest receiver would need minutes for what is left
    if (n % 3 === 0) await database.query('update t set n = n + 1 where id = $1', [committed.at(-1)])
  }
  return committed
}
