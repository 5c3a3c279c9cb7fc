import type { Checkpointer } from '../pipeline/contracts.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { DeadLetterPolicy } from './dead-letters.ts'
import type { ReadRow } from './fill-holes.ts'
import type { Mapper } from './index-mapping.ts'
import type { SearchConnectionOptions } from './search-connection.ts'
import type { SourcePlace } from './source-place.ts'

export interface SearchIndexerOptions extends SearchConnectionOptions {
  readonly checkpointer?: Checkpointer | undefined
  readonly logger?: Logger | undefined
  /** Gives the mapping of a column instead of the standard one. */
  readonly mapper?: Mapper | undefined
  /** This and those below down to `replicas`: as PGSTREAM_SEARCH_… when left out. */
  readonly maxQueueBytes?: number | undefined
  readonly batchSize?: number | undefined
  readonly batchBytes?: number | undefined
  readonly deadLetters?: DeadLetterPolicy | undefined
  readonly indexPrefix?: string | undefined
  readonly indexGeneration?: number | undefined
  readonly shards?: number | undefined
  readonly replicas?: number | undefined
  /** How what the store does not take for now is tried again; for as long as it takes if not given. */
  readonly storeRetry?: RetryPolicy | undefined
  /** How indices of dropped schemas and documents of dropped tables are removed again; not if not given. */
  readonly cleanupRetry?: RetryPolicy | undefined
  /** Which server the changes come from, to notice one that is older than the index; not asked if not given. */
  readonly source?: (() => Promise<SourcePlace>) | undefined
  /** Reads a row of the source, for large values that an update did not send and nobody else knows. */
  readonly readRow?: ReadRow | undefined
}
