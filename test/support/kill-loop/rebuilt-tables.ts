import type { SchemaDelta } from '../../../src/wal/schema-log.ts'
import type { TemporaryDatabase } from '../postgres.ts'
import { Problems } from '../workload/oracle/problems.ts'
import type { WrittenLine } from './written-line.ts'

interface RebuiltTable {
  readonly name: string
  readonly columns: string
  /** Digests of bodies by id. */
  readonly rows: Map<number, string | null>
}

/** Tables made of written lines, each taken once: entries of the schema log must have told of a row's columns before it. */
export class RebuiltTables {
  readonly problems: Problems = new Problems()
  readonly #tables = new Map<string, RebuiltTable>()

  take(line: WrittenLine): void {
    if (line.entry !== null) this.#describe(JSON.parse(line.entry) as SchemaDelta)
    else if (line.action !== 'M') this.#change(line)
  }

  #describe({ tables, dropped_tables: dropped }: SchemaDelta): void {
    for (const { oid } of dropped) this.#tables.delete(oid)
    for (const { oid, name, columns } of tables) {
      const names = columns.map((column) => column.name).join(', ')
      this.#tables.set(oid, {
        name,
        columns: names,
        rows: this.#tables.get(oid)?.rows ?? new Map<number, string | null>(),
      })
    }
  }

  #change({ action, change, table: name, columns, id, body }: WrittenLine): void {
    const table = [...this.#tables.values()].find((each) => each.name === name)
    if (!table) return this.problems.add(`"${change}" came before any entry of its table`)
    if (action === 'T') return table.rows.clear()
    if (action === 'D') return void table.rows.delete(id!)
    this.problems.check(
      table.columns === columns.join(', '),
      () => `"${change}" has the columns ${columns.join(', ')}; the entry before it said ${table.columns}`,
    )
    table.rows.set(id!, body)
  }

  /** What differs from the tables of the source as they are. */
  async differences(database: TemporaryDatabase): Promise<string[]> {
    const tables = await database.query<{ oid: string; name: string }>(
      `select oid::text, relname as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
    )
    const named = new Map([...this.#tables].map(([oid, { name }]) => [oid, name]))
    const problems: string[] = []
    for (const { oid, name } of tables) {
      if (named.get(oid) !== name)
        problems.push(`table ${name} is called ${named.get(oid) ?? 'nothing'} by its entries`)
      const rows = this.#tables.get(oid)?.rows ?? new Map<number, string | null>()
      problems.push(...(await rowDifferences(database, name, rows)))
    }
    const isThere = new Set(tables.map(({ oid }) => oid))
    for (const [oid, { name }] of this.#tables) if (!isThere.has(oid)) problems.push(`table ${name} is gone`)
    return problems
  }
}

async function rowDifferences(
  database: TemporaryDatabase,
  name: string,
  rebuilt: ReadonlyMap<number, string | null>,
): Promise<string[]> {
  const rows = await database.query<{ id: string; body: string | null }>(
    `select id::text, md5(body) as body from ${name}`,
  )
  const wrong = rows.filter(({ id, body }) => rebuilt.get(Number(id)) !== body)
  return [
    ...(rows.length === rebuilt.size ? [] : [`${name} has ${rows.length} rows, not ${rebuilt.size}`]),
    ...(wrong.length === 0 ? [] : [`${wrong.length} rows of ${name} differ, the first is ${wrong[0]!.id}`]),
  ]
}
