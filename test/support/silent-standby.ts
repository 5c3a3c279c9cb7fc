import type { TemporaryDatabase } from './postgres.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { eventually } from './wait.ts'

export interface SilentStandby extends Session {
  /** Commits are waited for no more. */
  readonly letGo: () => Promise<void>
}

/**
 * From now on commits of the session it gives are in the WAL and not visible: they wait for a standby that is not there.
 * Those of `database` do not wait. The server is the caller's own.
 */
export async function silentStandby(database: TemporaryDatabase): Promise<SilentStandby> {
  await database.query('set synchronous_commit = local')
  await database.query(`alter system set synchronous_standby_names = 'nobody'`)
  await database.query('select pg_reload_conf()')
  const writer = await openSession(database.url)
  const known = `select from pg_settings where name = 'synchronous_standby_names' and setting <> ''`
  await eventually(async () => (await writer.query(known)).length > 0, { about: 'The setting' })
  const letGo = async (): Promise<void> => {
    await database.query('alter system reset synchronous_standby_names')
    await database.query('select pg_reload_conf()')
  }
  return Object.assign(writer, { letGo })
}
