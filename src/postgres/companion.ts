import type { Carried } from '../pipeline/confirming-writable.ts'
import type { CommitEvent, InsertEvent } from '../wal/event.ts'
import type { Lsn } from '../wal/lsn.ts'

/** A row that is put into the stream, and how many bytes it takes. */
export interface AddedRow {
  readonly event: InsertEvent
  readonly bytes: number
}

/** Goes along with a listener: sees what it reads, may put rows into the stream, and hears what is durable. */
export interface Companion {
  /** Before the slot is asked for: somebody else may be reading it, and go on for long. */
  open(): Promise<void>
  /** Each time that the slot has become this listener's. The first event comes when the promise is kept. */
  reading(): Promise<void>
  /**
   * Of every event, in order, before it is handed on. Gives rows that are to be handed on in its place, `printed` where they
   * may stay as Postgres printed them; null: it is handed on itself.
   */
  see(event: Carried | CommitEvent, printed: boolean): Iterator<AddedRow> | null
  /** Before the slot is told that everything up to `lsn` is durable; a promise holds that back. */
  durable(lsn: Lsn): void | Promise<void>
  /** Nothing more is read, and nothing more becomes durable. */
  close(): Promise<void>
}
