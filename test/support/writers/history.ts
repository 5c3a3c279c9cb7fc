import { randomBytes } from 'node:crypto'
import type { TemporaryDatabase } from '../postgres.ts'
import type { Change } from './journal.ts'

/** One change of the source, in its place. */
export interface HistoryChange {
  readonly xid: number
  readonly change: Change
  /** The LSN behind the commit of its transaction. */
  readonly end: bigint
}

/** Everything that was committed since `openHistory`, in commit order, in the words of Postgres' own test_decoding. */
export interface HistorySlot {
  /** `from`: another session, when that which opened it is gone. */
  read(from?: Pick<TemporaryDatabase, 'query'>): Promise<HistoryChange[]>
}

/** Keeps the history of a database in a slot beside ours, which the database takes with it. */
export async function openHistory(database: Pick<TemporaryDatabase, 'query'>): Promise<HistorySlot> {
  const slot = `history_${randomBytes(6).toString('hex')}`
  await database.query(`select pg_create_logical_replication_slot($1, 'test_decoding')`, [slot])
  return {
    read: async (from = database) => {
      const rows = await from.query<{ xid: string; lsn: string; said: string }>(
        `select xid::text, (lsn - '0/0')::text as lsn, left(data, 200) as said
           from pg_logical_slot_get_changes($1, null, null, 'skip-empty-xacts', '1') with ordinality as change
          order by ordinality`,
        [slot],
      )
      const ends = new Map(
        rows.filter(({ said }) => said.startsWith('COMMIT')).map(({ xid, lsn }) => [xid, BigInt(lsn)]),
      )
      return rows.flatMap(({ xid, said }) => {
        const change = changeOf(said)
        return change === null ? [] : [{ xid: Number(xid), change, end: ends.get(xid)! }]
      })
    },
  }
}

/** The first that fits says what it is. */
const sayings: readonly (readonly [pattern: RegExp, inShort: (parts: readonly string[]) => Change | null])[] =
  [
    [/^(?:BEGIN|COMMIT)/, () => null],
    [
      /^message: transactional: 1 prefix: kill-loop, sz: \d+ content:(.*)$/s,
      ([content]) => `message ${content!}`,
    ],
    [
      /^table pgstream\.schema_log: INSERT: id\[pgstream\.xid\]:'(\w+)'/,
      ([id]) => `insert pgstream.schema_log ${id!}`,
    ],
    [/^table pgstream\./, () => null],
    [/^table (\S+): TRUNCATE/, ([table]) => `truncate ${table!}`],
    [
      /^table (\S+): (INSERT|UPDATE|DELETE): id\[bigint\]:(\d+)/,
      ([table, verb, id]) => `${verb!.toLowerCase()} ${table!} ${id!}`,
    ],
  ]

/** Null for what is no event: begin, commit, and what is in tables of ours that are no log. */
function changeOf(said: string): Change | null {
  for (const [pattern, inShort] of sayings) {
    const [found, ...parts] = pattern.exec(said) ?? []
    if (found !== undefined) return inShort(parts)
  }
  throw new Error(`test_decoding said what this file does not understand: ${said}`)
}
