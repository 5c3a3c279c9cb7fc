import type pg from 'pg'
import { failing, fine } from '../pipeline/check.ts'
import type { Check, CheckResult } from '../pipeline/check.ts'
import { connect, queryTimeoutMs } from './connect.ts'
import { examineStore } from './examine-store.ts'
import { fromPostgres } from './postgres-error.ts'

const about = 'Translator: schema log'

/** Looks at the schema log of another database than the one that is read. */
export const storeCheck =
  (url: string): Check =>
  async (signal) => {
    try {
      const client = await connect(url, { applicationName: 'pgstream check', signal, queryTimeoutMs })
      try {
        return [await lookAtStore(client)]
      } finally {
        await client.end()
      }
    } catch (error) {
      return [failing(about, error)]
    }
  }

export async function lookAtStore(client: pg.Client): Promise<CheckResult> {
  try {
    await examineStore(client)
    return fine(about, 'It can be read, and its entries can be marked.')
  } catch (cause) {
    return failing(about, fromPostgres(cause, 'looking at the schema log'))
  }
}
