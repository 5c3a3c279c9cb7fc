import { randomBytes } from 'node:crypto'
import type { TemporaryDatabase } from '../postgres.ts'
import type { Change } from './journal.ts'

/** One change of the source, in its place. */
export interface HistoryChange {
  readonly xid: number
  readonly change: Change
}

/** Everything that was committed since `openHistory`, in commit order, in the words of Postgres' own test_decoding. */
export interface HistorySlot {
  read(): Promise<HistoryChange[]>
}

/** Keeps the history of a database in a slot beside ours, which the database takes with it. */
export async function openHistory(database: TemporaryDatabase): Promise<HistorySlot> {
  const slot = `history_${randomBytes(6).toString('hex')}`
  await database.query(`select pg_create_logical_replication_slot($1, 'test_decoding')`, [slot])
  return {
    read: async () => {
      const rows = await database.query<{ xid: string; said: string }>(
        `select xid::text, left(data, 200) as said
           from pg_logical_slot_get_changes($1, null, null, 'skip-empty-xacts', '1') with ordinality as change
          order by ordinality`,
        [slot],
      )
      return rows.flatMap(({ xid, said }) => {
        const change = changeOf(said)
        return change === null ? [] : [{ xid: Number(xid), change }]
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
