import type pg from 'pg'
import { identifier } from '../values/quoting.ts'

/** A database as its catalogs, its rows and its schema log say. */
export interface SourceState {
  readonly schemas: readonly string[]
  readonly tables: readonly SourceTable[]
  /** Ids of the entries of the schema log. */
  readonly entries: readonly string[]
}

/** A table as the catalogs and its rows say, in Postgres' own words. */
export interface SourceTable {
  readonly oid: string
  readonly schema: string
  readonly name: string
  readonly replicaIdentity: string
  readonly partitioned: boolean
  readonly columns: readonly SourceColumn[]
  readonly primaryKey: readonly string[] | null
  readonly primaryKeyDeferrable: boolean
  readonly identityIndex: readonly string[] | null
  readonly uniqueIndexes: readonly { readonly columns: readonly string[] }[]
  /** Texts, aligned with the columns. */
  readonly rows: readonly (readonly (string | null)[])[]
}

export interface SourceColumn {
  readonly attnum: number
  readonly name: string
  readonly type: string
  readonly nullable: boolean
  readonly default: string | null
  readonly generated: string
  readonly comment: string | null
}

/** The settings of the session that a stream prints its values with. */
const settings = `
  set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres'; set extra_float_digits = 3;
  set bytea_output = 'hex'; set search_path = pg_catalog`

const tablesSql = `
  select c.oid::text, n.nspname as schema, c.relname as name, c.relkind = 'p' as partitioned,
         case c.relreplident when 'd' then 'default' when 'i' then 'index' when 'f' then 'full' else 'nothing' end
           as "replicaIdentity",
         (select coalesce(json_agg(json_build_object(
                   'attnum', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
                   'nullable', s.is_nullable = 'YES', 'default', left(pg_get_expr(d.adbin, d.adrelid), 4000),
                   'generated', case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' else '' end,
                   'comment', col_description(c.oid, a.attnum)) order by a.attnum), '[]')
            from pg_attribute as a
            join information_schema.columns as s
              on s.table_schema = n.nspname and s.table_name = c.relname and s.column_name = a.attname
            left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
           where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
         (select k.columns from keys as k where k.indrelid = c.oid and k.indisprimary) as "primaryKey",
         coalesce((select not k.indimmediate from keys as k where k.indrelid = c.oid and k.indisprimary), false)
           as "primaryKeyDeferrable",
         (select k.columns from keys as k where k.indrelid = c.oid and k.indisreplident) as "identityIndex",
         (select coalesce(json_agg(json_build_object('columns', k.columns)), '[]')
            from keys as k
           where k.indrelid = c.oid and k.indimmediate and k.indisvalid and k.indpred is null and k.indexprs is null)
           as "uniqueIndexes"
    from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
   where c.relkind in ('r', 'p') and c.relpersistence = 'p' and n.nspname !~ '^pg_'
     and n.nspname not in ('information_schema', 'pgstream')
   order by c.oid`

const keysSql = `
  select i.*,
         (select json_agg(a.attname order by place)
            from generate_series(1, i.indnkeyatts) as place
            join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = i.indkey[place - 1]) as columns
    from pg_index as i where i.indisunique`

/** Where entries of the schema log begin that are to come. */
export async function lastVersion(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>(
    'select coalesce(max(version), 0)::text as version from pgstream.schema_log',
  )
  return rows[0]!.version
}

/** Everything that a stream of the database must have told of, if it began at that version of an empty database. */
export async function readSource(client: pg.Client, since: string): Promise<SourceState> {
  await client.query(settings)
  const entries = await client.query<{ id: string }>(
    'select id::text from pgstream.schema_log where version > $1 order by id',
    [since],
  )
  const schemas = await client.query<{ name: string }>(
    `select nspname as name from pg_namespace
      where nspname !~ '^pg_' and nspname not in ('information_schema', 'pgstream', 'public') order by nspname`,
  )
  return {
    entries: entries.rows.map(({ id }) => id),
    schemas: schemas.rows.map(({ name }) => name),
    tables: await readTables(client),
  }
}

async function readTables(client: pg.Client): Promise<SourceTable[]> {
  const { rows: tables } = await client.query<Omit<SourceTable, 'rows'>>(
    `with keys as (${keysSql}) ${tablesSql}`,
  )
  const filled = tables.filter(({ partitioned }) => !partitioned)
  if (filled.length === 0) return tables.map((table) => ({ ...table, rows: [] }))
  const statements = filled.map(({ schema, name, columns }) => {
    const texts = columns.map(({ name: column }) => {
      const value = identifier(column)
      // by output functions, as the stream does; IS NULL would be true for (null,null)
      return `case when ${value} is distinct from null then format('%s', ${value}) end`
    })
    return `select ${texts.join(', ')} from only ${identifier(schema)}.${identifier(name)}`
  })
  const answer = (await client.query({ text: statements.join(';\n'), rowMode: 'array' })) as unknown
  const results = (Array.isArray(answer) ? answer : [answer]) as pg.QueryArrayResult<(string | null)[]>[]
  return tables.map((table) => ({ ...table, rows: results[filled.indexOf(table)]?.rows ?? [] }))
}
