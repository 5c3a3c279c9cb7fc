import { readFileSync } from 'node:fs'
import { PgstreamError } from '../errors.ts'

/** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when the file cannot be read. */
export function readPem(file: string | undefined): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new PgstreamError('PGSTREAM_CONFIG_INVALID', `The file ${file} cannot be read.`, { cause })
  }
}
