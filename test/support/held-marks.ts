import type { TemporaryDatabase } from './postgres.ts'
import { openSession } from './session.ts'

/** No mark of a translator is written from now on. */
export interface HeldMarks extends AsyncDisposable {
  /** Whether a translator waits to write one. */
  isWaiting(): Promise<boolean>
  /** Lets marks be written again, but for those that wait: they never are. */
  refuse(): Promise<void>
}

const translators = `from pg_stat_activity where datname = current_database() and application_name = 'pgstream translator'`

export async function holdMarks({ url }: Pick<TemporaryDatabase, 'url'>): Promise<HeldMarks> {
  const locker = await openSession(url)
  await locker.query('begin; lock table pgstream.schema_marks in share row exclusive mode')
  return {
    isWaiting: async () => {
      const waiting = await locker.query(`select ${translators} and wait_event_type = 'Lock'`)
      return waiting.length > 0
    },
    refuse: async () => {
      await locker.query(`select pg_terminate_backend(pid, 30000) ${translators}`)
      await locker.query('rollback')
    },
    [Symbol.asyncDispose]: () => locker[Symbol.asyncDispose](),
  }
}
