import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import { hasOurSchema, recordedSlots } from './bookkeeping.ts'
import { fromPostgres } from './postgres-error.ts'
import { parsePostgresUrl } from './postgres-url.ts'
import { serverFacts } from './preflight.ts'
import { publicationName } from './publication.ts'
import { restoreAllIdentities } from './restore-identities.ts'
import { isRace } from './replica-identities.ts'
import { describeLockHolders } from './sessions.ts'
import { connectForSetup } from './setup-session.ts'
import { dropSlot, findSlot, waitForReader } from './slot.ts'
import { slotNameFor } from './slot-name.ts'
import type { ReportStep, Step } from './step.ts'
import { listInWords, patienceOf, waitUntilFree } from './waiting.ts'
import type { Patience } from './waiting.ts'

export interface TearDownOptions {
  url: string
  /** Default: every slot that pgstream made in this database. */
  slotName?: string | undefined
  report?: ReportStep | undefined
  /** How long to wait for other sessions' locks, all in all. Default: for ever. */
  waitTimeoutMs?: number | undefined
  signal?: AbortSignal | undefined
}

export interface TearDownReport {
  readonly database: string
  readonly steps: readonly Step[]
}

/**
 * Removes what `init` made and restores what it changed, also after half an `init`, also twice. With a slot named, what
 * other slots still need stays.
 * @throws {PgstreamError} PGSTREAM_SLOT_ACTIVE when somebody still reads from the slot, and nothing was removed then;
 * PGSTREAM_TEAR_DOWN_INCOMPLETE when the waiting ended.
 */
export async function tearDown(options: TearDownOptions): Promise<TearDownReport> {
  const steps: Step[] = []
  const patience = patienceOf(options, 'PGSTREAM_TEAR_DOWN_INCOMPLETE', steps)
  const config = parsePostgresUrl(options.url)
  const client = await connectForSetup(config, 'pgstream tear-down')
  try {
    const facts = await serverFacts(client)
    await refuseWithoutRight(client, facts.user)
    const others = await removeSlots(client, facts.database, options.slotName, patience.report)
    if (others.length > 0) {
      const detail = `${listInWords(others)} of this database still need the rest, which stays`
      patience.report({ step: 'other slots', state: 'warning', detail })
    } else {
      await removeTheRest(client, patience)
    }
    return { database: facts.database, steps }
  } catch (cause) {
    throw fromPostgres(cause, 'tear-down', config)
  } finally {
    await client.end()
  }
}

type Done = Pick<Step, 'state' | 'detail'>

/**
 * The publication first: without the triggers, updates of new tables would fail as long as it is there. What remembers the
 * replica identities last.
 */
async function removeTheRest(client: pg.ClientBase, patience: Patience): Promise<void> {
  const { report } = patience
  report({ step: 'publication', ...(await dropPublication(client)) })
  report({ step: 'event triggers', ...(await dropEventTriggers(client)) })
  await restoreAllIdentities(client, patience)
  report({ step: 'schema', ...(await dropSchema(client, patience)) })
}

/** @throws {PgstreamError} before anything is removed. */
async function refuseWithoutRight(client: pg.ClientBase, user: string): Promise<void> {
  const { rows } = await client.query<{ owner: string }>(
    `select pg_get_userbyid(nspowner) as owner from pg_namespace
      where nspname = 'pgstream' and not pg_has_role(current_user, nspowner, 'usage')`,
  )
  const [schema] = rows
  if (schema === undefined) return
  const sentence = `The schema pgstream belongs to ${schema.owner}; the user ${user} may not remove it.`
  throw new PgstreamError('PGSTREAM_NO_RIGHT', sentence, {
    remedy: `Run pgstream tear-down as ${schema.owner} or as a superuser.`,
  })
}

/** Returns the slots of pgstream that are still there. */
async function removeSlots(
  client: pg.ClientBase,
  database: string,
  asked: string | undefined,
  report: ReportStep,
): Promise<string[]> {
  const ours = await hasOurSchema(client)
  const recorded = ours ? await recordedSlots(client) : []
  const wanted = slotNameFor(database, asked)
  const names = asked ? [wanted] : [...new Set([...recorded, wanted])]
  const found: string[] = []
  for (const name of names) {
    const slot = await findSlot(client, name)
    if (slot?.database === database) found.push(name)
  }
  for (const name of found) await waitForReader(client, name)
  for (const name of found) {
    await dropSlot(client, name)
    report({ step: 'slot', state: 'done', detail: `dropped ${name}` })
  }
  if (found.length === 0)
    report({ step: 'slot', state: 'already', detail: `there is no ${listInWords(names)}` })
  if (ours) await client.query('delete from pgstream.slots where name = any ($1)', [names])
  const others: string[] = []
  for (const name of recorded) {
    if (!names.includes(name) && (await findSlot(client, name))?.database === database) others.push(name)
  }
  return others
}

async function dropEventTriggers(client: pg.ClientBase): Promise<Done> {
  const { rows } = await client.query<{ name: string }>(
    `select quote_ident(evtname) as name
       from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid
      where p.pronamespace = to_regnamespace('pgstream')`,
  )
  for (const { name } of rows) await client.query(`drop event trigger if exists ${name}`)
  const names = listInWords(rows.map(({ name }) => name))
  return rows.length > 0
    ? { state: 'done', detail: `dropped ${names}` }
    : { state: 'already', detail: 'there is none' }
}

async function dropPublication(client: pg.ClientBase): Promise<Done> {
  const { rows } = await client.query('select from pg_publication where pubname = $1', [publicationName])
  if (rows.length === 0) return { state: 'already', detail: `there is no ${publicationName}` }
  await client.query(`drop publication if exists ${publicationName}`)
  return { state: 'done', detail: `dropped ${publicationName}` }
}

/** Waits for transactions that have written to the schema log, without letting others wait for us. */
async function dropSchema(client: pg.ClientBase, patience: Patience): Promise<Done> {
  const { rows } = await client.query<{ oid: number }>(
    "select oid from pg_class where relnamespace = to_regnamespace('pgstream')",
  )
  const { rowCount } = await client.query("select from pg_namespace where nspname = 'pgstream'")
  if (rowCount === 0) return { state: 'already', detail: 'there is no schema pgstream' }
  const look = async (): Promise<string | null> => {
    await client.query("begin; set local lock_timeout = '200ms'")
    try {
      await client.query('drop schema if exists pgstream cascade')
      await client.query('commit')
      return null
    } catch (cause) {
      await client.query('rollback')
      if (!isRace(cause)) throw fromPostgres(cause, 'dropping the schema pgstream')
      const holders = await describeLockHolders(
        client,
        rows.map(({ oid }) => oid),
      )
      return `the schema pgstream is in use by ${listInWords(holders) || 'somebody'}`
    }
  }
  const remedy =
    'End the transactions that it names (commit, or select pg_terminate_backend(pid)), then run it again.'
  await waitUntilFree({ step: 'schema', look, remedy }, patience)
  return { state: 'done', detail: 'dropped the schema pgstream with everything in it' }
}
