import type { TemporaryDatabase } from '../postgres.ts'
import { documentText } from '../search-oracle/document-text.ts'
import type { DocumentMembers } from '../search-oracle/document-text.ts'
import { documentsOf } from '../search-oracle/read-store.ts'
import type { SearchSpace } from '../search.ts'
import { differences, digest } from './folded-rows.ts'
import type { FoldedRow } from './folded-rows.ts'
import { keyOf } from './tables-to-fill.ts'

interface Column {
  readonly table: string
  readonly name: string
  readonly tableId: string
  readonly id: string
  readonly type: string
  readonly baseType: string
}

/** How the documents of a search store differ from the rows of the tables. */
export async function differencesInStore(
  database: TemporaryDatabase,
  space: SearchSpace,
  tables: readonly string[],
): Promise<string[]> {
  await space.ask('POST', `${space.prefix}*/_refresh`)
  const columns = await columnsOf(database)
  const problems: string[] = []
  for (const table of tables) {
    const own = columns.filter((column) => column.table === table)
    const rows = new Map<string, FoldedRow>()
    for await (const document of documentsOf(space, own[0]!.tableId)) {
      const text = textsOf(document, own)
      const name = keyOf(table).map(text).join('|')
      if (rows.has(name)) problems.push(`${table} has two documents for ${name}`)
      rows.set(name, { n: text('n'), body: digest(text('body')) })
    }
    problems.push(...(await differences(database, table, rows)))
  }
  return problems
}

const textsOf =
  (document: DocumentMembers, columns: readonly Column[]) =>
  (name: string): string => {
    const { id, type, baseType } = columns.find((column) => column.name === name)!
    return documentText(document, id, { type, baseType }) ?? 'nothing'
  }

const columnsOf = (database: TemporaryDatabase): Promise<(Column & Record<string, unknown>)[]> =>
  database.query(
    `select c.relname as table, a.attname as name, pgstream.table_id(c.oid)::text as "tableId",
            pgstream.table_id(c.oid) || '-' || a.attnum as id,
            format_type(a.atttypid, a.atttypmod) as type,
            format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null) as "baseType"
       from pg_class c join pg_attribute a on a.attrelid = c.oid join pg_type t on t.oid = a.atttypid
      where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped`,
  )
