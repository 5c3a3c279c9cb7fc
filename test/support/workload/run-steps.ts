import type pg from 'pg'
import { openSession } from '../session.ts'
import type { Session } from '../session.ts'
import { copyIn } from './copy-in.ts'
import { TransactionLog } from './transaction-log.ts'
import type { Transactions } from './transaction-log.ts'
import type { RowKind, Step } from './step.ts'

export interface RunReport {
  readonly transactions: Transactions
  readonly failures: readonly { readonly step: Step; readonly message: string }[]
}

/** Sessions in which steps are run, kept from one workload to the next. */
export interface StepRunner extends AsyncDisposable {
  /** Runs one step after the other, `before` each of them what is given; rolls back what is open at the end. A failed step fails nobody but its transaction. */
  run(steps: readonly Step[], before?: (index: number) => Promise<void>): Promise<RunReport>
}

/** Nobody waits for anybody: a step that would have to fails. What a session prints must not matter to the stream. */
const settings = [
  `lock_timeout = '30ms', statement_timeout = '30s', synchronous_commit = off`,
  `datestyle = 'SQL, DMY', timezone = 'Asia/Kathmandu', intervalstyle = 'iso_8601', bytea_output = 'escape'`,
  `extra_float_digits = -5, xmloption = content`,
]
  .flatMap((line) => line.split(/, (?=\w+ =)/))
  .map((setting) => `set ${setting}`)
  .join('; ')

export function openRunner(url: string): StepRunner {
  const sessions: Session[] = []
  const session = async (number: number): Promise<Session> => {
    while (sessions.length <= number) {
      const opened = await openSession(url, 'a workload')
      await opened.query(settings)
      sessions.push(opened)
    }
    return sessions[number]!
  }
  return {
    run: async (steps, before) => {
      const failures: { step: Step; message: string }[] = []
      const log = new TransactionLog()
      for (const [index, step] of steps.entries()) {
        await before?.(index)
        const { client } = await session(step.session)
        try {
          await runStep(client, step, log)
        } catch (error) {
          if (!(error instanceof Error) || !('severity' in error)) throw error
          failures.push({ step, message: error.message })
        }
      }
      for (const [number, { client }] of sessions.entries()) {
        await runStep(client, { session: number, sql: 'rollback', control: 'rollback' }, log)
      }
      return { transactions: log.ended, failures }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sessions.map((each) => each[Symbol.asyncDispose]()))
    },
  }
}

async function runStep(client: pg.Client, step: Step, log: TransactionLog): Promise<void> {
  const { session, sql, copy, control, rows } = step
  const isCounted = rows !== undefined && rows !== 'unknown' && copy === undefined
  if (isCounted && log.isIdle(session)) return runAlone(client, sql, rows, log)
  const guarded = step.mayFail === true && log.isOpen(session)
  try {
    if (control === 'commit' || control === 'rollback' || control === 'prepare')
      await noteXid(client, session, log)
    if (guarded) await client.query('savepoint guard')
    const result =
      copy === undefined ? await client.query(sql) : { rowCount: await copyIn(client, sql, copy) }
    if (guarded) await client.query('release savepoint guard')
    log.note(step, 'command' in result ? result.command : 'COPY', result.rowCount ?? 0)
  } catch (error) {
    if (guarded) await client.query('rollback to savepoint guard; release savepoint guard')
    else log.failed(session)
    throw error
  }
}

/** In a transaction of its own, to know which one it was. */
async function runAlone(client: pg.Client, sql: string, kind: RowKind, log: TransactionLog): Promise<void> {
  try {
    const answer: unknown = await client.query(`begin; ${sql}; ${xidSql}; commit`)
    const [, changed, xid] = answer as [unknown, pg.QueryResult, pg.QueryResult<{ xid: string | null }>]
    log.alone(xid.rows[0]!.xid, kind, changed.rowCount ?? 0)
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

const xidSql = 'select pg_current_xact_id_if_assigned()::text as xid'

async function noteXid(client: pg.Client, session: number, log: TransactionLog): Promise<void> {
  if (!log.isOpen(session)) return
  const { rows } = await client.query<{ xid: string | null }>(xidSql)
  log.xid(session, rows[0]!.xid)
}
