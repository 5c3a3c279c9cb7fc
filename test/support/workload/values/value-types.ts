import { nestedTypes } from './nested-types.ts'
import { numberTypes } from './number-types.ts'
import { ownTypes } from './own-types.ts'
import { textTypes } from './text-types.ts'
import { timeTypes } from './time-types.ts'
import { oneOf } from './value-type.ts'
import type { ValueType } from './value-type.ts'

/** Every type that columns of a workload can have. */
export const valueTypes: readonly ValueType[] = [
  ...numberTypes,
  ...textTypes,
  ...timeTypes,
  ...nestedTypes,
  ...ownTypes,
]

/** Those of two extensions, which are in the schema public where a server has them. */
export const extensionTypes: readonly ValueType[] = [
  { sql: 'public.hstore', text: oneOf('"a b"=>"x\\"y", c=>NULL', '', 'é=>1') },
  {
    sql: 'public.citext',
    text: oneOf('Zoë', 'ZOË', ''),
    key: (n) => `Key${n}`,
    sameKey: (column) => `upper(${column}::text)`,
  },
]

export const typeNamed = (sql: string): ValueType => {
  const found = valueTypes.find((type) => type.sql === sql)
  if (!found) throw new RangeError(`no such type in the table: ${sql}`)
  return found
}
