import { PgstreamError } from '../../../errors.ts'

/** Why there can be no demo on this machine. */
export const unavailable = (
  sentence: string,
  options: { remedy?: string; cause?: unknown } = {},
): PgstreamError => new PgstreamError('PGSTREAM_DEMO_UNAVAILABLE', sentence, options)
