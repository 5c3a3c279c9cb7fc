import type { MessageDecoder } from '../pipeline/contracts.ts'
import type { ChangeEvent, CommitEvent } from '../wal/event.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'

/** What a decoder makes of messages: changes and ends of transactions, in the order of the stream. */
export type Emit = (event: ChangeEvent | CommitEvent) => void

/**
 * Understands the messages of one output plugin. What tables look like it knows from the stream alone: from the plugin's
 * own descriptions, and from the entries of the schema log, which it has to be taught where they stand in the stream.
 */
export interface Decoder extends MessageDecoder {
  learn(entry: SchemaLogEntry): void
}
