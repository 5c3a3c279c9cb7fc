import { askCatalogs } from '../expected-translation.ts'
import type { ExpectedTranslation } from '../expected-translation.ts'
import type { TemporaryDatabase } from '../postgres.ts'
import { openSession } from '../session.ts'
import type { Session } from '../session.ts'
import { randomFrom } from '../workload/random.ts'
import type { Random } from '../workload/random.ts'
import { changes, createTable, qualified } from './storm-table.ts'
import type { StormTable } from './storm-table.ts'

/** By the marker that a row holds: what the catalogs said of its table when it had just been written. */
export type Expected = Map<string, ExpectedTranslation>

/** Disposing stops the writers. */
export interface Storm extends AsyncDisposable {
  /** Of rows that were committed. */
  readonly expected: Expected
  /** How many commands were committed that changed a table. */
  readonly commands: () => number
  stop(): Promise<void>
}

interface Told {
  readonly expected: Expected
  commands: number
  over: boolean
}

let markers = 0

/** Sessions that change their tables without rest, and write rows between the changes. */
export async function startStorm(
  database: Pick<TemporaryDatabase, 'url' | 'query'>,
  { seed, writers = 2, pauseMs = 0 }: { seed: number; writers?: number; pauseMs?: number },
): Promise<Storm> {
  await database.query('create schema if not exists other')
  const told: Told = { expected: new Map(), commands: 0, over: false }
  const writing = Promise.all(
    Array.from({ length: writers }, (_, n) =>
      write(database.url, n, randomFrom(seed * 100 + n), told, pauseMs),
    ),
  )
  writing.catch(() => undefined) // `stop` tells of it
  const stop = async (): Promise<void> => {
    told.over = true
    await writing
  }
  return {
    expected: told.expected,
    commands: () => told.commands,
    stop,
    [Symbol.asyncDispose]: () => stop().catch(() => undefined),
  }
}

async function write(url: string, n: number, random: Random, told: Told, pauseMs: number): Promise<void> {
  await using session = await openSession(url)
  let table: StormTable = {
    schema: 'public',
    name: `t${n}`,
    columns: ['n', 'marker', 'a', 'b'],
    key: null,
  }
  await session.query(createTable(table))
  while (!told.over) {
    const before = structuredClone(table)
    const pending: Expected = new Map()
    let commands = 0
    await session.query('begin')
    for (let steps = random.between(1, 5); steps > 0; steps--) {
      if (random.chance(0.5)) commands += await change(session, table, random)
      else if (random.chance(0.1)) await madeWithRows(session, pending)
      else await insert(session, table, pending)
    }
    if (random.chance(0.15)) {
      await session.query('rollback')
      table = before
      continue
    }
    await session.query('commit')
    for (const [marker, translation] of pending) told.expected.set(marker, translation)
    told.commands += commands
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** Gives how many commands were left. */
async function change(session: Session, table: StormTable, random: Random): Promise<number> {
  const before = structuredClone(table)
  const statements = random.weighted(changes)(table, random)
  const isUndone = random.chance(0.15)
  if (isUndone) await session.query('savepoint s')
  for (const statement of statements) await session.query(statement)
  if (!isUndone) return statements.length
  await session.query('rollback to savepoint s')
  Object.assign(table, before)
  return 0
}

async function insert(session: Session, table: StormTable, pending: Expected): Promise<void> {
  const marker = `row ${++markers}`
  await session.query(`insert into ${qualified(table)} (n, marker) values (${markers}, '${marker}')`)
  pending.set(marker, await askCatalogs((sql, values) => session.query(sql, values), qualified(table)))
}

/** Its rows stand before the entry that describes it. */
async function madeWithRows(session: Session, pending: Expected): Promise<void> {
  const marker = `row ${++markers}`
  const name = `made${markers}`
  await session.query(`create table ${name} as select 1 as a, '${marker}' as marker`)
  pending.set(marker, await askCatalogs((sql, values) => session.query(sql, values), name))
}
