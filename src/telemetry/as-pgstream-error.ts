import { PgstreamError } from '../errors.ts'
import { foreignMessage } from './foreign-message.ts'

/** The error itself if it is ours, else an internal error around it, whose sentence holds no value of a row. */
export function asPgstreamError(error: unknown): PgstreamError {
  if (error instanceof PgstreamError) return error
  return new PgstreamError(
    'PGSTREAM_INTERNAL',
    `An error that is not of pgstream: ${foreignMessage(error)}.`,
    {
      cause: error,
    },
  )
}
