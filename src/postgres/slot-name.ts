import { createHash } from 'node:crypto'
import { PgstreamError } from '../errors.ts'

/** NAMEDATALEN - 1, and slot names are ASCII. */
const maxLength = 63
const hashLength = 8

/**
 * `pgstream_<database>_slot`. Slots are names of the whole server and know lower-case letters, digits and `_` only: a
 * database whose name had to be changed or cut gets a hash of it, or `My-Db` and `my_db` would share a slot.
 */
export function defaultSlotName(database: string): string {
  const allowed = mapped(database)
  const name = `pgstream_${allowed}_slot`
  if (allowed === database && name.length <= maxLength) return name
  const hash = createHash('sha256').update(database).digest('hex').slice(0, hashLength)
  const room = maxLength - 'pgstream___slot'.length - hashLength
  return `pgstream_${allowed.slice(0, room)}_${hash}_slot`
}

/**
 * The name that was asked for, or the default one.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when Postgres would refuse it.
 */
export function slotNameFor(database: string, asked?: string): string {
  if (asked === undefined || asked === '') return defaultSlotName(database)
  if (/^[a-z0-9_]+$/.test(asked) && asked.length <= maxLength) return asked
  throw new PgstreamError(
    'PGSTREAM_CONFIG_INVALID',
    `${JSON.stringify(asked)} cannot be the name of a slot.`,
    {
      remedy: `Use lower-case letters, digits and _, at most ${maxLength} of them: ${mapped(asked).slice(0, maxLength)}.`,
    },
  )
}

const mapped = (text: string): string => [...text.toLowerCase()].join('').replace(/[^a-z0-9_]/gu, '_')
