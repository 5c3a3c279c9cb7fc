import type { Percentiles } from './latency.ts'
import type { SlotSight } from './retained-wal.ts'
import type { Problem } from './sink-metrics.ts'
import type { SourceState } from './source-metrics.ts'

/** What a stream carried since it was started. */
export interface ChangeCounts {
  rows: number
  schemaChanges: number
  messages: number
  /** The last schema changes, the newest first. */
  readonly lastSchemaChanges: SeenSchemaChange[]
}

export interface SeenSchemaChange {
  /** When it was committed, in ISO form. */
  readonly committed: string
  readonly schema: string
  /** What it changed, or dropped. */
  readonly tables: readonly string[]
}

export interface SinkStatus {
  readonly name: string
  readonly opened: boolean
  readonly operations: number
  readonly batches: number
  readonly bytes: number
  readonly retries: number
  readonly deadLetters: number
  /** Values that are delivered, and that the destination cannot look up. */
  readonly ignoredValues: number
  readonly queue: { readonly length: number; readonly limit: number; readonly unit: 'bytes' | 'events' }
  /** How long ago the oldest transaction was committed that is not delivered; 0 when there is none. */
  readonly lagSeconds: number
  readonly lastDelivery: string | null
  readonly stalled: boolean
  readonly problem: Problem | null
  /** Of the last minute, in milliseconds. */
  readonly commitToDurableMs: Percentiles | null
  readonly deliveryMs: Percentiles | null
}

/** The answer of `/status`. */
export interface StreamStatus {
  readonly ready: boolean
  /** Why it is not. */
  readonly reasons: readonly string[]
  readonly pid: number
  readonly startedAt: string
  readonly uptimeSeconds: number
  readonly source: {
    readonly about: string
    readonly state: SourceState
    readonly since: string | null
    readonly losses: number
    readonly deadLetters: number
    readonly problem: Problem | null
  }
  readonly slot: SlotSight | null
  readonly rows: number
  readonly schemaChanges: number
  readonly messages: number
  readonly rowsPerSecond: number
  readonly lagSeconds: number
  readonly sinks: readonly SinkStatus[]
  readonly lastSchemaChanges: readonly SeenSchemaChange[]
}
