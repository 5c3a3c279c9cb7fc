import { readFileSync } from 'node:fs'
import { PgstreamError } from '../errors.ts'

/** `setting` is what names the file. @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when it cannot be read. */
export function readPem(file: string | undefined, setting: string): string | undefined {
  if (file === undefined) return undefined
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'it is no file'
    throw new PgstreamError(
      'PGSTREAM_CONFIG_INVALID',
      `${setting}: the file ${file} cannot be read (${code}).`,
      {
        remedy: 'Give the path of a PEM file that the user who runs pgstream may read.',
        cause,
      },
    )
  }
}
