import { openRecordedDecoder } from './postgres/open-decoder.ts'
import { RecordedListener } from './recording/recorded-listener.ts'
import type { Logger } from './telemetry/logger.ts'

/**
 * Gives the events of a file of `pgstream record`, or of raw wal2json lines, as the slot gave them, and ends.
 * Needs no Postgres. Fails with a PgstreamError: PGSTREAM_RECORDING_INVALID, with the number of the line.
 */
export function recordedListener(file: string, options: { readonly logger?: Logger } = {}): RecordedListener {
  return new RecordedListener({ file, openDecoder: openRecordedDecoder, logger: options.logger })
}
