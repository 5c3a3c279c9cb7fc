import type { Value } from './value.ts'

/**
 * A value of wire JSON whose numbers are text, by the name of its type. NaN and the infinities come as strings anyway.
 * @throws {TypeError} when it is none of that type; says nothing of what it is.
 */
export function readValue(value: unknown, type: string): Exclude<Value, symbol> {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value !== 'string')
    throw new TypeError('has a value that is neither null, boolean, number nor string')
  switch (type) {
    case 'bigint':
      return readBigint(value)
    case 'smallint':
    case 'integer':
    case 'oid':
    case 'real':
    case 'double precision':
      return readNumber(value)
    case 'bytea':
      return readBytes(value)
    default:
      return isNumericType(type) ? readNumeric(value) : value
  }
}

/** Such as `numeric(12,2)`: its values are numbers in wire JSON, but for NaN and the infinities. */
export const isNumericType = (type: string): boolean => /^numeric(\(|$)/.test(type) && !type.endsWith('[]')

function readNumeric(text: string): string {
  if (!/^(-?\d+(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity)$/.test(text))
    throw new TypeError('has a numeric that is no number')
  return text
}

function readBigint(text: string): bigint {
  if (!/^-?\d{1,19}$/.test(text)) throw new TypeError('has a bigint that is no number')
  return BigInt(text)
}

function readNumber(text: string): number {
  const number = Number(text)
  if (text === '' || (Number.isNaN(number) && text !== 'NaN'))
    throw new TypeError('has a number that is none')
  return number
}

function readBytes(text: string): Buffer {
  const bytes = Buffer.from(text, 'hex')
  if (bytes.length * 2 !== text.length) throw new TypeError('has a bytea that is not hexadecimal')
  return bytes
}
