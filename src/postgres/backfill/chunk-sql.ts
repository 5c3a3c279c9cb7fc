import pg from 'pg'
import type { KeyColumn, TableShape } from './table-shape.ts'

/** Which rows a chunk has. */
export type ChunkRange =
  /** At most `limit` rows behind a key, in its order; from the first if there is none. */
  | { readonly after: readonly string[] | null; readonly limit: number }
  /** Rows behind a place in the table's file, up to a page and without it; each with its place as one more column. */
  | { readonly behind: string; readonly toPage: number }
  /** The rows with these keys. */
  | { readonly keys: readonly (readonly string[])[] }

/** The query of the rows of a chunk. */
export function chunkSql(shape: TableShape, range: ChunkRange): string {
  const columns = shape.relation.columns.map(({ name }) => `t.${pg.escapeIdentifier(name)}`).join(', ')
  if ('behind' in range) {
    const place = columns === '' ? 't.ctid' : `${columns}, t.ctid`
    return `select ${place} from only ${shape.sqlName} as t where t.ctid > ${pg.escapeLiteral(range.behind)}::tid and t.ctid < '(${range.toPage},0)'::tid`
  }
  const from = `select ${columns} from only ${shape.sqlName} as t`
  if ('keys' in range) return `${from} ${joinSql(shape.identity ?? [], range.keys)}`
  const order = shape.order ?? []
  const tail = `order by ${order.map((key) => `${columnSql(key)} using ${key.before}`).join(', ')} limit ${range.limit}`
  if (range.after === null) return `${from} ${tail}`
  const literals = order.map((key, i) => literalSql(key, range.after![i]!))
  if (order.every(({ after }) => after === order[0]!.after)) {
    const behind = `(${order.map(columnSql).join(', ')}) ${order[0]!.after} (${literals.join(', ')})`
    return `${from} where ${behind} ${tail}`
  }
  // operators of different types, or directions: what has the first columns in common comes first, in order
  const branches = order.map((_, i) => {
    const common = order.length - 1 - i
    const conditions = order
      .slice(0, common + 1)
      .map((key, k) => `${columnSql(key)} ${k === common ? key.after : key.same} ${literals[k]!}`)
    return `(${from} where ${conditions.join(' and ')} ${tail})`
  })
  return `select * from (${branches.join(' union all ')}) as t limit ${range.limit}`
}

function joinSql(identity: readonly KeyColumn[], keys: readonly (readonly string[])[]): string {
  const rows = keys.map((key) => `(${identity.map((column, i) => literalSql(column, key[i]!)).join(', ')})`)
  const on = identity.map((column, i) => `${columnSql(column)} ${column.same} k.k${i}`)
  const names = identity.map((_, i) => `k${i}`)
  return `join (values ${rows.join(', ')}) as k(${names.join(', ')}) on ${on.join(' and ')}`
}

const columnSql = ({ name, collation }: KeyColumn): string =>
  `t.${pg.escapeIdentifier(name)}${collation === null ? '' : ` collate ${collation}`}`

const literalSql = ({ type }: KeyColumn, text: string): string => `${pg.escapeLiteral(text)}::${type}`
