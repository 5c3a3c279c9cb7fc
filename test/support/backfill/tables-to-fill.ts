import type { TemporaryDatabase } from '../postgres.ts'
import { openSession } from '../session.ts'
import type { Random } from '../workload/random.ts'

/** One kind of key: what its columns are, and the values of the row of a number. */
interface Shape {
  readonly key: Readonly<Record<string, (number: string) => string>>
  readonly definition: string
}

const shapes: Readonly<Record<string, Shape>> = {
  numbers: { key: { id: (n) => n }, definition: 'id int8 primary key' },
  texts: { key: { id: (n) => `'ä ' || ${n}` }, definition: 'id text primary key' },
  pairs: {
    key: { id: (n) => n, half: (n) => `${n} / 2` },
    definition: 'id int, half int, primary key (half, id)',
  },
  days: { key: { id: (n) => `date '1970-01-01' + ${n}` }, definition: 'id date primary key' },
}

export const tableNames: readonly string[] = Object.keys(shapes)
export const keyOf = (table: string): readonly string[] => Object.keys(shapes[table]!.key)

/** Some bodies are stored beside their row, so that updates leave them out. */
const bodyOf = (n: string): string =>
  `case when ${n} % 10 = 0 then repeat(md5(${n}::text), 100) else md5(${n}::text) end`

export async function createTables(database: TemporaryDatabase, rows: number): Promise<void> {
  for (const [table, { key, definition }] of Object.entries(shapes)) {
    const values = Object.values(key).map((of) => of('i'))
    await database.query(`create table ${table} (${definition}, n int, body text)`)
    await database.query(`alter table ${table} alter body set storage external`)
    await database.query(
      `insert into ${table} (${Object.keys(key).join()}, n, body)
       select ${values.join()}, 0, ${bodyOf('i')} from generate_series(1, ${rows}) i`,
    )
  }
}

const whereIs = ({ key }: Shape, n: number): string =>
  Object.entries(key)
    .map(([column, of]) => `${column} = ${of(String(n))}`)
    .join(' and ')

/** One change of one row, which may be there or not. */
function change(random: Random, rows: number): string {
  const table = random.pick(tableNames)
  const shape = shapes[table]!
  const n = 1 + random.int(rows)
  const where = `where ${whereIs(shape, n)}`
  const kind = random.int(5)
  if (kind === 0) return `delete from ${table} ${where}`
  if (kind === 1) {
    const columns = Object.keys(shape.key).join()
    const values = Object.values(shape.key).map((of) => of(String(n)))
    return `insert into ${table} (${columns}, n, body) values (${values.join()}, 1, ${bodyOf(String(n))}) on conflict do nothing`
  }
  if (kind === 2) {
    const to = 1 + random.int(rows)
    const moved = Object.entries(shape.key).map(([column, of]) => `${column} = ${of(String(to))}`)
    return `update ${table} set ${moved.join()}, n = n + 1 ${where} and not exists (select from ${table} where ${whereIs(shape, to)})`
  }
  return `update ${table} set n = n + 1 ${where}`
}

/** Changes rows all over the tables, in short transactions and in one that stays open over many, until it is stopped. */
export async function changeRows(
  database: TemporaryDatabase,
  { random, rows, signal }: { random: Random; rows: number; signal: AbortSignal },
): Promise<number> {
  await using long = await openSession(database.url)
  await using short = await openSession(database.url)
  await long.query('begin')
  let changes = 0
  while (!signal.aborted) {
    await short.query('begin; set local lock_timeout = 20')
    for (let left = 1 + random.int(4); left > 0; left--) {
      await short.query('savepoint before')
      const done = await short.query(change(random, rows)).catch(() => null)
      if (done === null) await short.query('rollback to before')
      else changes++
    }
    await short.query(random.int(10) === 0 ? 'rollback' : 'commit')
    if (random.int(20) === 0) {
      await long.query('savepoint before; set local lock_timeout = 20')
      await long.query(change(random, rows)).catch(() => long.query('rollback to before'))
    }
    if (random.int(100) === 0) await long.query('commit; begin')
  }
  await long.query('commit')
  return changes
}
