import type { Readable } from 'node:stream'
import type { Logger } from '../telemetry/logger.ts'
import type { SourceMetrics } from '../telemetry/source-metrics.ts'
import type { ChangeEvent, CommitEvent } from '../wal/event.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import type { Position } from '../wal/position.ts'
import type { TakeKnownEntry } from '../wal/schema-store.ts'

/**
 * Takes note of what is durable, so that the source may forget it. There is no other way to move a source forward.
 *
 * The promise of the caller: everything that was read before a position is durable when it is given here. Positions of
 * one partition are given in the order of the stream.
 */
export interface Checkpointer {
  /** Somebody will confirm: from now on the source waits for `close` before it lets go of its connection. */
  open(): void
  /** Everything up to these positions, at most one per partition, is durable. A rejection destroys the stream. */
  checkpoint(positions: readonly Position[]): void | Promise<void>
  /** Nothing will be confirmed any more. May be called twice. */
  close(): void
}

/** Of sources that cannot resume, such as a recorded file. */
export const nobody: Checkpointer = {
  open: () => undefined,
  checkpoint: () => undefined,
  close: () => undefined,
}

/** Understands what an output plugin writes, message by message. */
export interface MessageDecoder {
  /** Between the begin of a transaction and its commit. */
  readonly inTransaction: boolean
  /**
   * Emits what the message says. Of a message of more than 16 MiB it may keep and overwrite the bytes, of others it keeps
   * nothing, unless rows stay as they are printed; `lsn` is where the server says that it begins.
   * @throws {PgstreamError} PGSTREAM_PROTOCOL when it cannot be understood.
   */
  decode(bytes: Buffer, lsn: Lsn): void
}

/** How a source that is not Postgres itself gets a decoder. The logger hears of what is no event. */
export type OpenDecoder = (
  plugin: OutputPlugin,
  emit: (event: ChangeEvent | CommitEvent) => void,
  logger: Logger,
  /** Hears of each entry of the schema log that was there before the first message. */
  onEntry: TakeKnownEntry,
) => RecordedDecoder

export interface RecordedDecoder {
  readonly decoder: MessageDecoder
  /** Takes what Postgres said of itself before the first message, piece by piece, as it was recorded. */
  know(fact: unknown): void
}

/** A source of `WalEvent`s in object mode, in the order of the source. */
export interface Listener extends Readable {
  readonly checkpointer: Checkpointer
  /** What it knows of its connection; without it the source counts as there. */
  readonly metrics?: SourceMetrics
  /** Reads no further; what was read flows on, then the stream ends. */
  stop(): void
  /**
   * Set before the stream begins when everything behind it takes such rows: they are handed on as Postgres printed them
   * (`wal/printed-change.ts`), where the source can do that.
   */
  printed?: boolean
}

/** Whether a stage or a sink says that it takes rows as Postgres printed them: it copies no events. */
export const takesPrinted = (part: object): boolean => 'takesPrinted' in part && part.takesPrinted === true
