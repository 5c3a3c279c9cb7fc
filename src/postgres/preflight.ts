import type pg from 'pg'
import { PgstreamError } from '../errors.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { recordedSlots } from './bookkeeping.ts'
import { appliedMigrations } from './migrate.ts'
import { readMigrations } from './migration-files.ts'
import { pluginProblem } from './plugin-problem.ts'
import { fromPostgres } from './postgres-error.ts'
import { findPublication, otherPublication, publicationName } from './publication.ts'
import { missingRights } from './rights.ts'
import type { Needs } from './rights.ts'
import { findSlot, serverIsStandby, slotMissing, slotProblem } from './slot.ts'
import { listInWords } from './waiting.ts'

export interface ServerFacts {
  readonly database: string
  readonly user: string
  /** As `server_version_num`: 150020. */
  readonly version: number
}

/** One thing that `init` and `run` need, looked at. */
export interface Finding {
  readonly about: string
  /** What is so, if there is no problem. */
  readonly says: string
  readonly problem: PgstreamError | null
  /** Why `run` cannot work yet, where `init` will see to it. */
  readonly missing?: PgstreamError | null
  /** The problem is that of `init`: `run` does without. */
  readonly isOfInit?: boolean
}

interface ServerRow extends ServerFacts {
  readonly versionText: string
  readonly walLevel: string
  readonly standby: boolean
  readonly slots: number
  readonly maxSlots: number
  readonly walsenders: number
  readonly maxWalsenders: number
}

/** Who we are and where: what the server says, not what the URL says. */
export async function serverFacts(client: pg.ClientBase): Promise<ServerFacts> {
  const { database, user, version } = await readServer(client)
  return { database, user, version }
}

/**
 * Everything that would keep `init` or `run` from working, found without changing anything. What `init` finds done needs
 * no right to do it.
 */
export async function preflight(
  client: pg.ClientBase,
  wanted: { slotName: string; plugin: OutputPlugin },
): Promise<PgstreamError[]> {
  return (await lookAtSource(client, wanted)).flatMap(({ problem }) => problem ?? [])
}

/** The same, and what is as it should be. */
export async function lookAtSource(
  client: pg.ClientBase,
  { slotName, plugin }: { slotName: string; plugin: OutputPlugin },
): Promise<Finding[]> {
  const server = await readServer(client)
  const { versionText, version, walLevel } = server
  const tooOld = version < 140000 ? unsupported(`runs Postgres ${versionText}`) : null
  const wrong = tooOld ?? (server.standby ? serverIsStandby() : null)
  const look = (about: string, says: string, problem: PgstreamError | null): Finding => ({
    about,
    says,
    problem,
  })
  const primary = look(
    'server',
    `Postgres ${versionText}, database ${JSON.stringify(server.database)}, user ${JSON.stringify(server.user)}.`,
    wrong,
  )
  // the rest is asked of another server
  if (wrong) return [primary]
  const slot = await findSlot(client, slotName)
  const { slots, maxSlots, walsenders, maxWalsenders } = server
  return [
    primary,
    look('wal_level', 'It is logical.', walLevel === 'logical' ? null : wrongWalLevel(walLevel)),
    look('output plugin', `The server can use ${plugin}.`, await pluginProblem(client, plugin)),
    {
      about: 'replication slot',
      says: `${slotName} with ${plugin}, ${slot?.activePid ? `read by pid ${slot.activePid}` : 'not read at present'}.`,
      problem: slot && slotProblem(slot, server.database, plugin),
      missing: slot ? null : slotMissing(slotName),
    },
    look(
      'free slots',
      `${slots} of ${maxSlots} replication slots are taken.`,
      slot || slots < maxSlots ? null : noFree('replication slots', 'max_replication_slots', maxSlots),
    ),
    look(
      'free walsenders',
      `${walsenders} of ${maxWalsenders} walsenders are taken.`,
      slot?.activePid || walsenders < maxWalsenders
        ? null
        : noFree('walsenders', 'max_wal_senders', maxWalsenders),
    ),
    ...(await lookAtDatabase(client, server)),
  ]
}

/** One error for all of them; the first decides the code. */
export function together(problems: readonly PgstreamError[]): PgstreamError {
  const [first] = problems
  if (first === undefined) throw new RangeError('no problem to tell')
  if (problems.length === 1) return first
  const numbered = (texts: string[]): string => texts.map((text, index) => `(${index + 1}) ${text}`).join(' ')
  return new PgstreamError(first.code, numbered(problems.map(({ message }) => message)), {
    remedy: numbered(problems.map(({ remedy }) => remedy)),
  })
}

async function lookAtDatabase(client: pg.ClientBase, server: ServerFacts): Promise<Finding[]> {
  const migrations = await readMigrations()
  let applied: Set<number>
  try {
    applied = await appliedMigrations(client, migrations)
  } catch (cause) {
    const problem = fromPostgres(cause, 'a look at the schema pgstream')
    const isOfInit = problem.code === 'PGSTREAM_NO_RIGHT'
    return [
      { about: 'schema pgstream', says: '', problem, isOfInit },
      lookAtPublication(await findPublication(client), []),
      await lookAtRights(client, server, noNeeds),
    ]
  }
  const publication = await findPublication(client)
  const cutOff = publication === null && applied.size > 0 ? await liveSlots(client, server.database) : []
  const complete = applied.size === migrations.length
  return [
    {
      about: 'schema pgstream',
      says: `All ${migrations.length} migrations are there, and so are the event triggers.`,
      problem: complete ? await eventTriggersGone(client) : null,
      missing: complete ? null : notInitialized(`${applied.size} of ${migrations.length} migrations`),
    },
    lookAtPublication(publication, cutOff),
    await lookAtRights(client, server, { eventTriggers: !complete, publication: publication === null }),
  ]
}

/** `cutOff` are the slots that read on where it is gone. */
const lookAtPublication = (
  publication: Awaited<ReturnType<typeof findPublication>>,
  cutOff: readonly string[],
): Finding => ({
  about: 'publication',
  says: `${publicationName}, for all tables.`,
  problem:
    cutOff.length > 0 ? publicationGone(cutOff) : publication?.complete === false ? otherPublication() : null,
  missing: publication ? null : notInitialized('no publication'),
})

/** Where the schema cannot be looked at: what is still to be made is not known. */
const noNeeds: Needs = { eventTriggers: false, publication: false }

const lookAtRights = async (client: pg.ClientBase, server: ServerFacts, needs: Needs): Promise<Finding> => ({
  about: 'rights',
  says: `The user ${JSON.stringify(server.user)} may do what is needed.`,
  problem: await missingRights(client, server, needs),
})

async function liveSlots(client: pg.ClientBase, database: string): Promise<string[]> {
  const live: string[] = []
  for (const name of await recordedSlots(client)) {
    if ((await findSlot(client, name))?.database === database) live.push(name)
  }
  return live
}

/** A dump restored by somebody who may not create them leaves them out. */
async function eventTriggersGone(client: pg.ClientBase): Promise<PgstreamError | null> {
  const { rowCount } = await client.query(
    `select from pg_event_trigger e join pg_proc p on p.oid = e.evtfoid
      where p.pronamespace = to_regnamespace('pgstream') limit 1`,
  )
  if (rowCount !== 0) return null
  return new PgstreamError(
    'PGSTREAM_INIT_INCOMPLETE',
    'The event triggers of pgstream are gone from the database.',
    {
      remedy:
        'Run pgstream tear-down and pgstream init, then fill the destination anew: changes of tables are missing.',
    },
  )
}

async function readServer(client: pg.ClientBase): Promise<ServerRow> {
  const { rows } = await client.query<ServerRow>(
    `select current_database() as database, current_user as user,
            current_setting('server_version_num')::int as version,
            current_setting('server_version') as "versionText",
            current_setting('wal_level') as "walLevel",
            pg_is_in_recovery() as standby,
            (select count(*)::int from pg_replication_slots) as slots,
            current_setting('max_replication_slots')::int as "maxSlots",
            (select count(*)::int from pg_stat_activity where backend_type = 'walsender') as walsenders,
            current_setting('max_wal_senders')::int as "maxWalsenders"`,
  )
  const [row] = rows
  if (row === undefined) throw new PgstreamError('PGSTREAM_PROTOCOL', 'The server does not say what it is.')
  return row
}

const unsupported = (what: string): PgstreamError =>
  new PgstreamError('PGSTREAM_SOURCE_UNSUPPORTED', `The server ${what}.`)

const wrongWalLevel = (level: string): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_WAL_LEVEL',
    `wal_level of the server is ${level}; logical replication needs logical.`,
  )

/** A publication made anew is not there yet where such a slot reads on. */
const publicationGone = (slots: readonly string[]): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_SLOT_INVALID',
    `The publication ${publicationName} is gone, and the replication slot ${listInWords(slots)} cannot go on without it.`,
  )

const notInitialized = (has: string): PgstreamError =>
  new PgstreamError('PGSTREAM_NOT_INITIALIZED', `The database has ${has}.`)

const noFree = (what: string, setting: string, max: number): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_NO_FREE_SLOT',
    `All ${max} ${what} of the server are taken (${setting} = ${max}).`,
  )
