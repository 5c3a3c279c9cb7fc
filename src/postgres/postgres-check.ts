import type pg from 'pg'
import { doubtful, failing, fine } from '../pipeline/check.ts'
import type { Check, CheckResult } from '../pipeline/check.ts'
import { describeRetainedWal, retainedWalRemedy } from '../telemetry/retained-wal.ts'
import type { RetainedWal } from '../telemetry/retained-wal.ts'
import { isOutputPlugin } from '../wal/plugin-message.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { connect, queryTimeoutMs } from './connect.ts'
import { keylessTables } from './keyless-tables.ts'
import type { KeylessTable } from './keyless-tables.ts'
import { fromPostgres } from './postgres-error.ts'
import { lookAtSource } from './preflight.ts'
import { readRetainedWal } from './read-retained-wal.ts'
import { findSlot } from './slot.ts'
import { slotNameFor } from './slot-name.ts'
import { lookAtStore } from './store-check.ts'
import { listInWords } from './waiting.ts'

export interface PostgresCheckOptions {
  readonly url: string
  readonly slotName: string | undefined
  /** What the slot is or will be made with; that of the slot that is there if not given. */
  readonly plugin?: OutputPlugin | undefined
  /** Whether rows are translated by the schema log of this database. */
  readonly translated: boolean
  /** WAL that the slot may keep before it counts as too much, in bytes. */
  readonly maxRetainedWal: number
}

const about = (thing: string): string => `Postgres: ${thing}`

/** Looks at server, database and slot as `run` needs them; `init` mends what its remedies do not mend. */
export const postgresCheck =
  (options: PostgresCheckOptions): Check =>
  async (signal) => {
    let client: pg.Client
    try {
      client = await connect(options.url, { applicationName: 'pgstream check', signal, queryTimeoutMs })
    } catch (error) {
      return [failing(about('connection'), error)]
    }
    try {
      return await look(client, options)
    } catch (cause) {
      return [failing(about('connection'), fromPostgres(cause, 'looking at the database'))]
    } finally {
      await client.end()
    }
  }

async function look(client: pg.Client, options: PostgresCheckOptions): Promise<CheckResult[]> {
  const { rows } = await client.query<{ database: string }>('select current_database() as database')
  const slotName = slotNameFor(rows[0]!.database, options.slotName)
  const slot = await findSlot(client, slotName)
  const plugin = options.plugin ?? (isOutputPlugin(slot?.plugin) ? slot.plugin : 'pgoutput')
  const findings = await lookAtSource(client, { slotName, plugin })
  const results = findings.map(({ about: thing, says, problem, missing, isOfInit }) => {
    if (problem && isOfInit) return doubtful(about(thing), problem.message, hiddenRemedy)
    const error = problem ?? missing
    return error ? failing(about(thing), error) : fine(about(thing), says)
  })
  const tooOldForMore = findings.length === 1
  if (tooOldForMore) return results
  const isInitialized = findings.every(
    ({ about: thing, problem, missing, isOfInit }) =>
      thing !== 'schema pgstream' || isOfInit || !(problem ?? missing),
  )
  const retained = slot && (await readRetainedWal(client, slotName, options.maxRetainedWal))
  return [
    ...results,
    ...(await sayEncoding(client)),
    ...(await sayTriggersOff(client)),
    ...(isInitialized && options.translated ? [await lookAtStore(client)] : []),
    ...(retained ? [sayRetained(retained)] : []),
    ...sayKeyless(await keylessTables(client)),
  ]
}

const hiddenRemedy =
  'run does without, as far as the other lines are fine; to look at all of it, check as the user who ran pgstream init.'

/** Every other encoding is converted. */
async function sayEncoding(client: pg.Client): Promise<CheckResult[]> {
  const { rows } = await client.query<{ encoding: string }>(
    `select current_setting('server_encoding') as encoding`,
  )
  if (rows[0]!.encoding !== 'SQL_ASCII') return []
  return [
    doubtful(
      about('encoding'),
      'The database is in SQL_ASCII, so its texts may be in any encoding: one that is not UTF-8 ends the stream.',
      'Move the data to a database in UTF8 (pg_dump --encoding with the true one).',
    ),
  ]
}

/** Whoever may, switches them off for a restore and forgets them. */
async function sayTriggersOff(client: pg.Client): Promise<CheckResult[]> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(e.evtname) as name from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid
      where p.pronamespace = to_regnamespace('pgstream') and e.evtenabled <> 'A' order by 1`,
  )
  if (rows.length === 0) return []
  const names = rows.map(({ name }) => name)
  return [
    doubtful(
      about('event triggers'),
      `${listInWords(names)} ${names.length > 1 ? 'are' : 'is'} switched off, or not on for every session: changes of tables are missing in the stream.`,
      `${names.map((name) => `alter event trigger ${name} enable always;`).join(' ')} then select pgstream.refresh_schema(name of the schema) where tables changed meanwhile.`,
    ),
  ]
}

function sayRetained(retained: RetainedWal): CheckResult {
  const says = describeRetainedWal(retained)
  if (retained.level === 'ok') return fine(about('retained WAL'), says)
  return doubtful(about('retained WAL'), says, retainedWalRemedy)
}

/** Each kind of trouble with keys once, with the tables that have it. */
function sayKeyless(tables: readonly KeylessTable[]): CheckResult[] {
  const results = [
    ofTables(
      tables.filter(({ identity }) => identity !== 'f'),
      'replica identities',
      (names, reason) =>
        `Updates and deletes of ${names} would fail under the publication, or come without a key: ${reason}.`,
      'Run pgstream init (again): it sets REPLICA IDENTITY FULL where a table has nothing better. Or give each a primary key.',
    ),
    ofTables(
      tables.filter(({ identity, keyed }) => identity === 'f' && keyed),
      'replica identities',
      (names) => `${names} got a key, and still writes whole old rows (REPLICA IDENTITY FULL).`,
      'Run pgstream init again if pgstream set it, else: alter table … replica identity default.',
    ),
    ofTables(
      tables.filter(({ identity, keyed, large }) => identity === 'f' && !keyed && large),
      'tables without key',
      (names, reason) =>
        `Updates and deletes of ${names} write the whole old row into the WAL, large values included, and no key names their rows: ${reason}.`,
      'Give each a primary key that cannot be deferred, or replica identity using index where a unique index of not-null columns is there (before Postgres 18, without generated ones); then run pgstream init again.',
    ),
  ].flat()
  const small = tables.filter(({ identity, keyed, large }) => identity === 'f' && !keyed && !large)
  if (small.length > 0) {
    results.push(
      fine(about('tables without key'), `${namesOf(small)}: sent with whole old rows, which are small.`),
    )
  }
  return results.length > 0 ? results : [fine(about('replica identities'), 'Every table has a key.')]
}

function ofTables(
  tables: readonly KeylessTable[],
  thing: string,
  says: (names: string, reason: string) => string,
  remedy: string,
): CheckResult[] {
  const reasons = [...new Set(tables.map(({ reason }) => reason))]
  return reasons.map((reason) => {
    const names = namesOf(tables.filter((table) => table.reason === reason))
    return doubtful(about(thing), says(names, reason), remedy)
  })
}

const namesOf = (tables: readonly KeylessTable[]): string => listInWords(tables.map(({ name }) => name))
