import type pg from 'pg'
import type { Change } from './journal.ts'

/** A table that one writer made, and nobody else touches. */
export interface OwnTable {
  name: string
  /** Integer columns beside `id` and `body`. */
  extra: string[]
  ids: number[]
}

/** What a writer owns. */
export interface World {
  readonly writer: number
  readonly tables: OwnTable[]
  /** Its rows in the table that all writers share. */
  sharedIds: number[]
  /** Never taken back: ids and names of rolled-back transactions are not used again. */
  readonly counters: { ids: number; names: number }
}

/** Of a row that Postgres compresses to a few hundred bytes. */
export const largeBody = 24_000
export const sharedTable = 'shared'

const copyOf = (world: World): World => ({
  ...world,
  tables: world.tables.map((table) => ({ ...table, extra: [...table.extra], ids: [...table.ids] })),
  sharedIds: [...world.sharedIds],
})

/** A transaction that a writer has begun: what it changed, and what it would own if it committed. */
export class OpenTransaction {
  readonly #client: pg.Client
  #world: World
  #changes: Change[] = []

  constructor(client: pg.Client, world: World) {
    this.#client = client
    this.#world = copyOf(world)
  }

  get world(): World {
    return this.#world
  }

  get changes(): readonly Change[] {
    return this.#changes
  }

  async run(sql: string): Promise<void> {
    await this.#client.query(sql)
  }

  /** Runs something within a savepoint that is rolled back: as if it had not been. */
  async undone(act: () => Promise<void>): Promise<void> {
    const world = copyOf(this.#world)
    const changes = [...this.#changes]
    await this.run('savepoint s')
    await act()
    await this.run('rollback to s')
    this.#world = world
    this.#changes = changes
  }

  async insertShared(rows: number, bodyBytes: number): Promise<void> {
    const { writer, sharedIds } = this.#world
    const ids = this.#freshIds(rows)
    await this.run(`insert into ${sharedTable} (id, writer, body)
      select i, ${writer}, ${bodyOf(bodyBytes)} from generate_series(${ids[0]!}, ${ids.at(-1)!}) i`)
    sharedIds.push(...ids)
    this.#note('insert', sharedTable, ids)
  }

  async insert(table: OwnTable, rows: number, bodyBytes: number): Promise<void> {
    const ids = this.#freshIds(rows)
    const columns = ['id', 'body', ...table.extra].join(', ')
    const values = ['i', bodyOf(bodyBytes), ...table.extra.map((_, n) => `i % ${n + 2}`)].join(', ')
    await this.run(
      `insert into ${table.name} (${columns}) select ${values} from generate_series(${ids[0]!}, ${ids.at(-1)!}) i`,
    )
    table.ids.push(...ids)
    this.#note('insert', table.name, ids)
  }

  async updateShared(ids: readonly number[]): Promise<void> {
    await this.#update(sharedTable, ids)
  }

  async update(table: OwnTable, ids: readonly number[]): Promise<void> {
    await this.#update(table.name, ids)
  }

  async remove(table: OwnTable, ids: readonly number[]): Promise<void> {
    await this.run(`delete from ${table.name} where id in (${ids.join(', ')})`)
    table.ids = table.ids.filter((id) => !ids.includes(id))
    this.#note('delete', table.name, ids)
  }

  async truncate(table: OwnTable): Promise<void> {
    await this.run(`truncate ${table.name}`)
    table.ids = []
    this.#changes.push(`truncate public.${table.name}`)
  }

  async message(content: string): Promise<void> {
    await this.run(`select pg_logical_emit_message(true, 'kill-loop', '${content}')`)
    this.#changes.push(`message ${content}`)
  }

  async create(name: string = this.freshName('t')): Promise<OwnTable> {
    await this.run(`create table ${name} (id bigint primary key, body text)`)
    const table = { name, extra: [], ids: [] }
    this.#world.tables.push(table)
    return table
  }

  async drop(table: OwnTable): Promise<void> {
    await this.run(`drop table ${table.name}`)
    this.#world.tables.splice(this.#world.tables.indexOf(table), 1)
  }

  freshName(prefix: string): string {
    const { writer, counters } = this.#world
    return `${prefix}${writer}_${counters.names++}`
  }

  #freshIds(rows: number): number[] {
    const { writer, counters } = this.#world
    return Array.from({ length: rows }, () => writer * 10_000_000 + counters.ids++)
  }

  async #update(table: string, ids: readonly number[]): Promise<void> {
    await this.run(`update ${table} set body = md5(body) where id in (${ids.join(', ')})`)
    this.#note('update', table, ids)
  }

  #note(kind: string, table: string, ids: readonly number[]): void {
    for (const id of ids) this.#changes.push(`${kind} public.${table} ${id}`)
  }
}

const bodyOf = (bytes: number): string => `'planted-' || repeat(md5(i::text), ${Math.ceil(bytes / 32)})`
