/** Where tables come from: the server and the database, as the id of each of their tables begins (`pgstream.table_id`). */
export interface TableOrigin {
  readonly systemId: bigint
  readonly databaseOid: bigint
}

const digits = '0123456789abcdefghijklmnopqrstuv'

/**
 * What the ids of all tables of a database have as their first 13 digits. Of the last of these, one bit is of the table's
 * oid: there are two beginnings.
 */
export function beginningsOfIds({ systemId, databaseOid }: TableOrigin): readonly [string, string] {
  const server = ((systemId >> 32n) ^ systemId) & 0xffff_ffffn
  const bits = ((server << 32n) | databaseOid) << 1n
  const beginning = (value: bigint): string => {
    let text = ''
    for (let left = 0, rest = value; left < 13; left++, rest >>= 5n) text = digits[Number(rest & 31n)]! + text
    return text
  }
  return [beginning(bits), beginning(bits | 1n)]
}
