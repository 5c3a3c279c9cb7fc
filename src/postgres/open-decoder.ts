import type { MessageDecoder, OpenDecoder } from '../pipeline/contracts.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { isBackfillMessage } from './backfill/watermark.ts'
import type { Decoder, Emit } from './decoder.ts'
import { ownChange } from './own-changes.ts'
import { PgoutputDecoder } from './pgoutput.ts'
import { learnFact, nothingKnown } from './source-knowledge.ts'
import type { SourceFact, SourceKnowledge } from './source-knowledge.ts'
import { tellTrouble } from './trouble.ts'
import { Wal2jsonDecoder } from './wal2json.ts'

/**
 * Gives the decoder of a plugin, which emits events as every reader of the stream gets them: without the changes of our
 * own tables, with schema changes where the schema log got an entry. Those it learns itself before it emits them.
 */
export function openDecoder(
  plugin: OutputPlugin,
  emit: Emit,
  logger: Logger,
  knowledge: SourceKnowledge,
  printed = false,
): MessageDecoder {
  const trouble = (report: string): void => tellTrouble(logger, report)
  const take: Emit = (event) => {
    const handedOn = event.kind === 'commit' ? event : ownChange(event, trouble)
    if (handedOn?.kind === 'schema-change') decoder.learn(handedOn.entry)
    if (handedOn) emit(handedOn)
  }
  const decoder: Decoder =
    plugin === 'pgoutput'
      ? new PgoutputDecoder(take, knowledge.types, printed)
      : new Wal2jsonDecoder(take, knowledge)
  return decoder
}

/** For messages that were recorded, with what their source knew. */
export const openRecordedDecoder: OpenDecoder = (plugin, emit, logger, onEntry) => {
  const knowledge = nothingKnown()
  const others: Emit = (event) => {
    if (!isBackfillMessage(event)) emit(event)
  }
  return {
    decoder: openDecoder(plugin, others, logger, knowledge),
    know: (known) => {
      const fact = known as SourceFact
      learnFact(knowledge, fact)
      if ('entry' in fact) onEntry(fact.entry, fact.assumed)
    },
  }
}
