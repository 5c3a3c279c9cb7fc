import type { DeleteEvent, InsertEvent, Translation, UpdateEvent } from './event.ts'
import type { Lsn } from './lsn.ts'
import type { Position } from './position.ts'
import type { Relation } from './relation.ts'
import type { Row } from './value.ts'

/** What every message of one template has in common, and how its rows are read. */
export interface WireRows {
  readonly kind: 'insert' | 'update' | 'delete'
  readonly relation: Relation
  readonly translation: Translation | null
  readonly isSnapshot: boolean
  /** Whether they are the wire JSON of their events to the byte: the original pgstream writes less. */
  readonly isOurs: boolean
  values(bytes: Buffer): Row
  /** Null where an update does not say it. */
  old(bytes: Buffer): Row | null
}

/** What one message says beside its rows. */
export interface WirePlace {
  readonly commitLsn: Lsn
  readonly ordinal: number
  readonly lsn: Lsn
  readonly xid: number
  readonly commitTime: number
  readonly position: Position | null
}

/**
 * A change that was read as wire JSON, and may go on as the same bytes: values are made when somebody asks for them. Like
 * `PrintedChange`, `values` and `old` are missing in a copy (`{ ...event }`): only stages and sinks that say so get such events
 * (`takesPrinted`).
 */
export class WireChange {
  readonly kind: WireRows['kind']
  readonly relation: Relation
  readonly commitLsn: Lsn
  readonly ordinal: number
  readonly lsn: Lsn
  readonly xid: number
  readonly commitTime: number
  readonly position: Position | null
  readonly translation: Translation | null
  /** What a row that a backfill read has, and no other. */
  readonly snapshot: true | undefined
  readonly rows: WireRows
  /** The message. It may be a piece of much more: whoever keeps it copies it. */
  readonly bytes: Buffer
  #values: Row | null
  #old: Row | null

  constructor(rows: WireRows, place: WirePlace, bytes: Buffer) {
    this.kind = rows.kind
    this.relation = rows.relation
    this.commitLsn = place.commitLsn
    this.ordinal = place.ordinal
    this.lsn = place.lsn
    this.xid = place.xid
    this.commitTime = place.commitTime
    this.position = place.position
    this.translation = rows.translation
    this.snapshot = rows.isSnapshot ? true : undefined
    this.rows = rows
    this.bytes = bytes
    this.#values = null
    this.#old = null
  }

  get values(): Row {
    this.#values ??= this.rows.values(this.bytes)
    return this.#values
  }

  get old(): Row | null {
    this.#old ??= this.rows.old(this.bytes)
    return this.#old
  }

  /** Whether its wire JSON is what was read, and nobody has translated it since. */
  get isAsRead(): boolean {
    return this.rows.isOurs && this.translation === this.rows.translation
  }

  /** What it is to whoever reads it. */
  get event(): InsertEvent | UpdateEvent | DeleteEvent {
    return this as unknown as InsertEvent | UpdateEvent | DeleteEvent
  }
}
