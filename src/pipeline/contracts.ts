import type { Readable } from 'node:stream'
import type { Position } from '../wal/position.ts'

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

/** A source of `WalEvent`s in object mode, in the order of the source. */
export interface Listener extends Readable {
  readonly checkpointer: Checkpointer
  /** Reads no further; what was read flows on, then the stream ends. */
  stop(): void
}
