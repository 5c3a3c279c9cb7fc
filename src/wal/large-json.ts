import { StringDecoder } from 'node:string_decoder'
import { allocate } from './allocate.ts'

/** Stands in JSON for a value that is put in as bytes: no JSON has this character as it is. */
export const gap: string = '\0'

/** Longer ones do not become strings as a whole. */
export const longBytes: number = 64 * 1024
/** A multiple of 3, so that pieces of base64 fit together. */
const pieceBytes = 96 * 1024

/** What fills a gap: bytes that become the inside of a JSON string. */
export interface Filling {
  readonly bytes: Buffer
  readonly as: 'text' | 'hex' | 'base64'
}

/** Fills the gaps in their order, in memory of exactly the length of it all and little more. */
export function fillGaps(json: string, fillings: readonly Filling[]): Buffer {
  const rest = Buffer.byteLength(json) - fillings.length
  const filled = allocate(fillings.reduce((size, filling) => size + lengthOf(filling), rest))
  let at = 0
  for (const [i, between] of json.split(gap).entries()) {
    at += filled.write(between, at)
    for (const piece of pieces(fillings[i])) at += filled.write(piece, at)
  }
  return filled
}

/** The same as a string. @throws {Error} ERR_STRING_TOO_LONG, or a RangeError, for what no string can hold. */
export function fillGapsAsText(json: string, fillings: readonly Filling[]): string {
  let filled = ''
  for (const [i, between] of json.split(gap).entries()) {
    filled += between
    for (const piece of pieces(fillings[i])) filled += piece
  }
  return filled
}

function lengthOf(filling: Filling): number {
  const { bytes, as } = filling
  if (as === 'hex') return 2 * bytes.length
  if (as === 'base64') return 4 * Math.ceil(bytes.length / 3)
  let length = 0
  for (const piece of pieces(filling)) length += Buffer.byteLength(piece)
  return length
}

function* pieces(filling: Filling | undefined): Generator<string> {
  if (!filling) return
  const { bytes, as } = filling
  const decoder = new StringDecoder('utf8')
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const piece = bytes.subarray(at, at + pieceBytes)
    yield as === 'text' ? escaped(decoder.write(piece)) : piece.toString(as)
  }
  if (as === 'text') yield escaped(decoder.end())
}

/** As it stands between the quotes of a JSON string. */
const escaped = (text: string): string => JSON.stringify(text).slice(1, -1)
