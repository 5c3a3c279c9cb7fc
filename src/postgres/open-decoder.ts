import { PgstreamError } from '../errors.ts'
import type { OpenDecoder } from '../pipeline/contracts.ts'
import { ownChange } from './own-changes.ts'
import { PgoutputDecoder } from './pgoutput.ts'

/**
 * Gives the decoder of a plugin, which emits events as every reader of the stream gets them: without the changes of our
 * own tables, with schema changes where the schema log got an entry.
 * @throws {PgstreamError} PGSTREAM_SOURCE_UNSUPPORTED for a plugin that is not understood.
 */
export const openDecoder: OpenDecoder = (plugin, emit, logger) => {
  if (plugin !== 'pgoutput') {
    throw new PgstreamError(
      'PGSTREAM_SOURCE_UNSUPPORTED',
      `The messages of ${plugin} are not understood yet.`,
    )
  }
  const trouble = (report: string): void => logger.error({ report }, 'a trigger of pgstream failed')
  return new PgoutputDecoder((event) => {
    const handedOn = event.kind === 'commit' ? event : ownChange(event, trouble)
    if (handedOn) emit(handedOn)
  })
}
