import type { ChangeEvent } from '../wal/event.ts'
import { writeBytes, writeInteger, writeLsn } from '../wal/json-bytes.ts'
import { lengthenedText, writeVarint } from './varint.ts'

/** The headers of a change as a record has them: how many, then of each its name and its value, with their lengths. */
const lsnName = Buffer.concat([varint(4), lengthenedText('pgstream-lsn')])
const commitLsnName = lengthenedText('pgstream-commit-lsn')
const ordinalName = lengthenedText('pgstream-ordinal')
const contentType = Buffer.concat([lengthenedText('content-type'), lengthenedText('application/json')])
const mostOfNumber = 20
/** Of all of them. */
export const mostOfHeaders: number =
  lsnName.length + commitLsnName.length + ordinalName.length + contentType.length + 3 * mostOfNumber

function varint(number: number): Buffer {
  const bytes = Buffer.alloc(1)
  writeVarint(bytes, 0, number)
  return bytes
}

/** Writes them to `out` at `start`, where there must be room, and gives the place behind them. */
export function writeHeaders(out: Buffer, start: number, event: ChangeEvent): number {
  // the length of a short value is one byte, written when it is known
  const lsnAt = writeBytes(out, start, lsnName) + 1
  const lsnEnd = writeLsn(out, lsnAt, event.lsn)
  writeVarint(out, lsnAt - 1, lsnEnd - lsnAt)
  const commitAt = writeBytes(out, lsnEnd, commitLsnName) + 1
  const commitEnd = writeLsn(out, commitAt, event.commitLsn)
  writeVarint(out, commitAt - 1, commitEnd - commitAt)
  const ordinalAt = writeBytes(out, commitEnd, ordinalName) + 1
  const ordinalEnd = writeInteger(out, ordinalAt, event.ordinal)
  writeVarint(out, ordinalAt - 1, ordinalEnd - ordinalAt)
  return writeBytes(out, ordinalEnd, contentType)
}

/** All of their lengths are one byte. */
export function readHeaders(block: Buffer): Record<string, string> {
  const headers: Record<string, string> = {}
  let at = 1
  const next = (): string => {
    const from = at + 1
    at = from + (block[at]! >> 1)
    return block.toString('latin1', from, at)
  }
  while (at < block.length) {
    const name = next()
    headers[name] = next()
  }
  return headers
}
