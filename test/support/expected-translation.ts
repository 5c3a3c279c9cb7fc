import type { TemporaryDatabase } from './postgres.ts'

/** How a table is called by its catalogs: what the translation of a row that was just written must say. */
export interface ExpectedTranslation {
  readonly tableId: string
  /** By name. */
  readonly columns: Readonly<Record<string, string>>
  readonly identity: readonly string[] | null
}

/** Asks the catalogs, in the transaction that wrote a row, of the table as it is now. */
export async function askCatalogs(
  query: TemporaryDatabase['query'],
  table: string,
): Promise<ExpectedTranslation> {
  const [row] = await query<{ id: string; columns: Record<string, string>; identity: string[] | null }>(
    `select pgstream.table_id($1::regclass)::text as id,
            (select jsonb_object_agg(a.attname, pgstream.table_id(a.attrelid) || '-' || a.attnum)
               from pg_attribute a
              where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped) as columns,
            (select array_agg(pgstream.table_id(k.conrelid) || '-' || u.attnum order by u.place)
               from pg_constraint k cross join unnest(k.conkey) with ordinality as u (attnum, place)
              where k.conrelid = $1::regclass and k.contype = 'p' and not k.condeferrable) as identity`,
    [table],
  )
  return { tableId: row!.id, columns: row!.columns, identity: row!.identity }
}
