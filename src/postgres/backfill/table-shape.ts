import type pg from 'pg'
import type { OutputPlugin } from '../../wal/plugin-message.ts'
import type { Relation, ReplicaIdentity } from '../../wal/relation.ts'
import { numericOid } from '../builtin-types.ts'
import { publicationName } from '../publication.ts'
import { valueKindOf } from '../value-decoder.ts'
import { asText } from '../../wal/value-kind.ts'
import type { ValueKind } from '../../wal/value-kind.ts'

/** A column of a key, with what compares it: the index's own operators, which need not be on any search path. */
export interface KeyColumn {
  /** Its place among the columns of the rows. */
  readonly at: number
  readonly name: string
  readonly type: string
  /** As in `operator(pg_catalog.<)`: what comes before in the order of the index, what is the same, what comes after. */
  readonly before: string
  readonly same: string
  readonly after: string
  /** Null where the type has none. */
  readonly collation: string | null
}

/** What a chunk has to know of its table, as the catalog has it now. */
export interface TableShape {
  /** Quoted, with its schema. */
  readonly sqlName: string
  readonly relation: Relation
  /** Of the columns, and where there is no key to order by, of the row's place. */
  readonly kinds: readonly ValueKind[]
  /** Columns in which NaN and the infinities arrive as null: wal2json cannot say them, and a row has one name only. */
  readonly withoutNaN: readonly number[]
  /** The key that rows are read in the order of; null where there is none, and pages are read instead. */
  readonly order: readonly KeyColumn[] | null
  /** The key that names rows in updates, in the order of the table's columns; null where that is the whole row. */
  readonly identity: readonly KeyColumn[] | null
  /** Of which file the pages are. */
  readonly filenode: string
  readonly pages: number
  /** As the last ANALYZE says; null where there has been none. */
  readonly estimatedRows: number | null
  /** All that the catalog says beside the size. */
  readonly described: string
}

interface IndexRow {
  readonly primary: boolean
  readonly identity: boolean
  readonly immediate: boolean
  readonly columns: readonly {
    readonly number: number
    readonly descending: boolean
    readonly less: string
    readonly same: string
    readonly greater: string
    readonly collation: string | null
  }[]
}

interface ShapeRow {
  readonly schema: string
  readonly table: string
  readonly sqlName: string
  readonly identity: 'd' | 'i' | 'f' | 'n'
  readonly filenode: string | null
  readonly pages: string
  readonly estimatedRows: number | null
  readonly columns:
    | readonly { number: number; name: string; type: string; typeOid: number; generated: '' | 's' | 'v' }[]
    | null
  readonly indexes: readonly IndexRow[] | null
  /** Whether pgoutput sends stored generated columns; before Postgres 18 it cannot. */
  readonly sendsGenerated: boolean
}

const operatorSql = (strategy: number): string =>
  `(select format('operator(%I.%s)', s.nspname, o.oprname)
      from pg_amop m join pg_operator o on o.oid = m.amopopr join pg_namespace s on s.oid = o.oprnamespace
     where m.amopfamily = oc.opcfamily and m.amoplefttype = oc.opcintype and m.amoprighttype = oc.opcintype
       and m.amopstrategy = ${strategy})`

const shapeSql = `select n.nspname as schema, c.relname as "table", format('%I.%I', n.nspname, c.relname) as "sqlName",
       c.relreplident as identity, pg_relation_filenode(c.oid)::text as filenode,
       (coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int8)::text as pages,
       nullif(c.reltuples, -1)::float8 as "estimatedRows",
       coalesce((select to_jsonb(p) ->> 'pubgencols' = 's' from pg_publication p
                  where p.pubname = '${publicationName}'), false) as "sendsGenerated",
       (select json_agg(json_build_object('number', a.attnum, 'name', a.attname,
                 'type', format_type(a.atttypid, a.atttypmod), 'typeOid', a.atttypid::int8, 'generated', a.attgenerated)
               order by a.attnum)
          from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns,
       (select json_agg(json_build_object('primary', i.indisprimary, 'identity', i.indisreplident,
                 'immediate', i.indimmediate, 'columns', k.columns))
          from pg_index i
         cross join lateral (
           select json_agg(json_build_object('number', p.number, 'descending', (p.option & 1) = 1,
                    'less', ${operatorSql(1)}, 'same', ${operatorSql(3)}, 'greater', ${operatorSql(5)},
                    'collation', (select format('%I.%I', s.nspname, l.collname)
                                    from pg_collation l join pg_namespace s on s.oid = l.collnamespace
                                   where l.oid = p.coll)) order by p.place) as columns
             from unnest(i.indkey::int2[], i.indclass::oid[], i.indcollation::oid[], i.indoption::int2[])
                    with ordinality as p(number, opclass, coll, option, place)
             join pg_opclass oc on oc.oid = p.opclass
            where p.place <= i.indnkeyatts) k
         where i.indrelid = c.oid and i.indisvalid and (i.indisprimary or i.indisreplident)) as indexes
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
 where c.oid = $1::oid and c.relkind = 'r' and c.relpersistence = 'p'`

/** float4, float8, numeric */
const mayBeNaN: ReadonlySet<number> = new Set([700, 701, numericOid])

const placeKind: ValueKind = asText

const identities: Readonly<Record<ShapeRow['identity'], ReplicaIdentity>> = {
  d: 'default',
  i: 'index',
  f: 'full',
  n: 'nothing',
}

/**
 * Describes a table, in the columns that its rows have in the stream of this plugin; null when it is gone. Where nothing
 * has changed the relation is that of `before`: much is worked out once for each.
 */
export async function readShape(
  client: pg.ClientBase,
  oid: number,
  plugin: OutputPlugin,
  before: TableShape | null = null,
): Promise<TableShape | null> {
  const { rows } = await client.query<ShapeRow>({ name: 'shape', text: shapeSql, values: [oid] })
  if (!rows[0]) return null
  const { pages, estimatedRows, ...row } = rows[0]
  const described = JSON.stringify(row)
  const shape = before?.described === described ? before : shapeOf(oid, row, plugin)
  return { ...shape, pages: Number(pages), estimatedRows, described }
}

type Described = Omit<TableShape, 'pages' | 'estimatedRows' | 'described'>

function shapeOf(
  oid: number,
  row: Omit<ShapeRow, 'pages' | 'estimatedRows'>,
  plugin: OutputPlugin,
): Described {
  const columns = (row.columns ?? []).filter(
    ({ generated }) =>
      generated === '' || (generated === 's' && (plugin === 'wal2json' || row.sendsGenerated)),
  )
  const indexes = row.indexes ?? []
  const primary = indexes.find((index) => index.primary)
  const named =
    row.identity === 'i'
      ? indexes.find((index) => index.identity)
      : row.identity === 'd' && primary?.immediate
        ? primary
        : undefined
  const keyColumns = (index: IndexRow): KeyColumn[] =>
    index.columns.flatMap(({ number, descending, less, same, greater, collation }) => {
      const at = columns.findIndex((column) => column.number === number)
      const [before, after] = descending ? [greater, less] : [less, greater]
      return at < 0
        ? []
        : { at, name: columns[at]!.name, type: columns[at]!.type, before, same, after, collation }
    })
  const keyOf = (index: IndexRow | undefined): KeyColumn[] | null => {
    const key = index ? keyColumns(index) : []
    return index && key.length === index.columns.length ? key : null // a generated column is in no row
  }
  const identity = keyOf(named)
  // a row that moves in this order changes its identity: the stream says from where, also where it leaves out a large value
  const order = identity ?? keyOf(primary)
  return {
    sqlName: row.sqlName,
    relation: {
      oid,
      schema: row.schema,
      table: row.table,
      replicaIdentity: identities[row.identity],
      columns: columns.map(({ number, name, type, typeOid }) => ({
        name,
        type,
        typeOid,
        key: row.identity === 'f' || (named?.columns.some((column) => column.number === number) ?? false),
      })),
    },
    kinds: [...columns.map(({ typeOid }) => valueKindOf(typeOid)), ...(order === null ? [placeKind] : [])],
    withoutNaN: columns.flatMap(({ typeOid }, i) =>
      plugin === 'wal2json' && mayBeNaN.has(typeOid) ? [i] : [],
    ),
    order,
    identity: identity?.toSorted((a, b) => a.at - b.at) ?? null,
    filenode: row.filenode ?? '',
  }
}

/** Changes when a place in the table, as it was remembered, means nothing any more. */
export function orderSignature({ order, filenode }: TableShape): string {
  if (order === null) return `pages of ${filenode}`
  return order
    .map(({ name, type, after, collation }) => `${name} ${type} ${after} ${collation ?? ''}`)
    .join(', ')
}
