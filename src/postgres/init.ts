import type pg from 'pg'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { createSlot } from './create-slot.ts'
import type { WantedSlot } from './create-slot.ts'
import { adviseOnIdentities } from './identity-advice.ts'
import { migrate } from './migrate.ts'
import { settleMigrations } from './older-transactions.ts'
import { preflight, serverFacts, together } from './preflight.ts'
import { oneAtATime } from './one-at-a-time.ts'
import { fromPostgres } from './postgres-error.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import { ensurePublication, publicationName } from './publication.ts'
import { setReplicaIdentities } from './replica-identities.ts'
import { restoreUsableIdentities } from './restore-identities.ts'
import { connectForSetup } from './setup-session.ts'
import { slotNameFor } from './slot-name.ts'
import type { ReportStep, Step } from './step.ts'
import { listInWords, patienceOf } from './waiting.ts'
import type { Patience } from './waiting.ts'

export interface InitOptions {
  url: string
  /** Default: `pgstream_<database>_slot`, mapped to what Postgres allows. */
  slotName?: string | undefined
  /** The output plugin of the slot. Default: pgoutput, which every Postgres has. */
  plugin?: OutputPlugin | undefined
  report?: ReportStep | undefined
  /** How long to wait for other sessions' transactions and locks, all in all. Default: for ever. */
  waitTimeoutMs?: number | undefined
  /** Stops the waiting; what was done stays done. */
  signal?: AbortSignal | undefined
}

export interface InitReport {
  readonly database: string
  readonly slot: string
  readonly publication: string
  /** Everything that was reported but the waiting. */
  readonly steps: readonly Step[]
}

interface Session {
  client: pg.Client
  /** Looks at what `client` waits for. */
  watcher: pg.Client
  patience: Patience
}

/**
 * Prepares a database: everything in schema `pgstream`, the event triggers, replica identities, publication and slot.
 * Can be run again at any time, by several at once; goes on where another run was cut.
 * @throws {PgstreamError} before anything was changed when the server, the rights or what is there already rule it out;
 * PGSTREAM_INIT_INCOMPLETE when the waiting ended.
 */
export async function init(options: InitOptions): Promise<InitReport> {
  const steps: Step[] = []
  const patience = patienceOf(options, 'PGSTREAM_INIT_INCOMPLETE', steps)
  const config = parsePostgresUrl(options.url)
  const client = await connectForSetup(config, 'pgstream init')
  try {
    const { database, version } = await serverFacts(client)
    const plugin = options.plugin ?? 'pgoutput'
    const wanted: WantedSlot = { name: slotNameFor(database, options.slotName), database, plugin }
    const problems = await preflight(client, { slotName: wanted.name, plugin })
    if (problems.length > 0) throw together(problems)
    const watcher = await connectForSetup(config, 'pgstream init')
    try {
      await prepare({ client, watcher, patience }, wanted, version)
    } finally {
      await watcher.end()
    }
    return { database, slot: wanted.name, publication: publicationName, steps }
  } catch (cause) {
    throw fromPostgres(cause, 'init', config)
  } finally {
    await client.end()
  }
}

/** The order is the point: no change may be published before its table has an identity, nor decoded before it is published. */
async function prepare(session: Session, wanted: WantedSlot, serverVersion: number): Promise<void> {
  const { client, patience } = session
  const { applied, already } = await migrate(client)
  patience.report(
    applied.length > 0
      ? {
          step: 'migrations',
          state: 'done',
          detail: `applied ${applied.length}, up to ${applied.at(-1) ?? ''}`,
        }
      : { step: 'migrations', state: 'already', detail: `all ${already} were there` },
  )
  await settleMigrations(client, patience)
  const restored = await restoreUsableIdentities(client)
  const changed = await setReplicaIdentities(client, patience)
  reportIdentities({ restored, changed }, patience.report)
  const state = await ensurePublication(client, serverVersion)
  patience.report({ step: 'publication', state, detail: `${publicationName} for all tables` })
  const late = await setReplicaIdentities(client, patience)
  if (late.length > 0) reportIdentities({ restored: [], changed: late }, patience.report)
  await oneAtATime(client, 'slot', () => makeSlot(session, wanted), patience)
  await adviseOnIdentities(client, patience.report)
}

/** The entries of all tables follow the slot: whoever reads from it knows every table from the start. */
async function makeSlot({ client, watcher, patience }: Session, wanted: WantedSlot): Promise<void> {
  await client.query(
    `insert into pgstream.slots (name) values ($1)
     on conflict (name) do update set tables_logged_at = null
      where not exists (select from pg_replication_slots where slot_name = $1)`,
    [wanted.name],
  )
  const state = await createSlot(client, watcher, wanted, patience)
  patience.report({ step: 'slot', state, detail: `${wanted.name} with ${wanted.plugin}` })
  const { rows } = await client.query<{ entries: number }>(
    `with logged as (
       update pgstream.slots set tables_logged_at = now() where name = $1 and tables_logged_at is null returning name
     )
     select pgstream.log_existing_tables()::int as entries from logged`,
    [wanted.name],
  )
  const [logged] = rows
  patience.report(
    logged
      ? { step: 'existing tables', state: 'done', detail: `${logged.entries} schema log entries written` }
      : { step: 'existing tables', state: 'already', detail: 'their schema log entries are in the stream' },
  )
}

function reportIdentities(
  { restored, changed }: { restored: readonly string[]; changed: readonly string[] },
  report: ReportStep,
): void {
  const step = 'replica identities'
  if (restored.length > 0) {
    report({ step, state: 'done', detail: `restored for ${listInWords(restored, 20)}: a key is there now` })
  }
  if (changed.length > 0) {
    report({ step, state: 'done', detail: `full for ${listInWords(changed, 20)}: without a usable key` })
  }
  if (restored.length + changed.length === 0) {
    report({ step, state: 'already', detail: 'every table has one' })
  }
}
