/** Lines as wal2json writes them, with every option that pgstream asks for. */
const stamp = '"xid":700,"timestamp":"2026-11-22 07:59:18.719648+00"'

const line = (action: string, lsn: string, rest = '', head = stamp): Buffer =>
  Buffer.from(`{"action":"${action}",${head},"lsn":"${lsn}"${rest}}`)

export const begin = (): Buffer => line('B', '0/200', ',"nextlsn":"0/240"')
export const commit = (): Buffer => line('C', '0/200', ',"nextlsn":"0/240"')

/** Name, type, oid of the type and value, as they stand in the line. */
export type ColumnText = readonly [name: string, type: string, oid: number, value: string]

const list = (columns: readonly ColumnText[]): string =>
  `[${columns
    .map(([name, type, oid, value]) => {
      const typeText = type.startsWith('"') && !type.endsWith(']') ? type : JSON.stringify(type)
      return `{"name":${JSON.stringify(name)},"type":${typeText},"typeoid":${oid},"value":${value}}`
    })
    .join(',')}]`

const named = (table: string, schema: string): string =>
  `,"schema":${JSON.stringify(schema)},"table":${JSON.stringify(table)}`

export const insert = (columns: readonly ColumnText[], table = 'users', schema = 'public'): Buffer =>
  line('I', '0/100', `${named(table, schema)},"columns":${list(columns)}`)

export const update = (
  columns: readonly ColumnText[],
  identity: readonly ColumnText[],
  table = 'users',
): Buffer =>
  line('U', '0/110', `${named(table, 'public')},"columns":${list(columns)},"identity":${list(identity)}`)

export const remove = (identity: readonly ColumnText[], table = 'users'): Buffer =>
  line('D', '0/120', `${named(table, 'public')},"identity":${list(identity)}`)

export const truncate = (table = 'users'): Buffer => line('T', '0/130', named(table, 'public'))

export const message = (prefix: string, content: string | Buffer, transactional = true): Buffer => {
  const head = transactional ? stamp : '"xid":null,"timestamp":null'
  const whole = line('M', '0/140', `,"transactional":${transactional},"prefix":"${prefix}","content":"`, head)
  return Buffer.concat([whole.subarray(0, -1), Buffer.from(content), Buffer.from('"}')])
}
