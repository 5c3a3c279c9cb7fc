import { defaults } from '../config/defaults.ts'
import type { WriteCallback } from '../pipeline/confirming-writable.ts'
import { Processor } from '../pipeline/processor.ts'
import type { RetryPolicy } from '../pipeline/retry-policy.ts'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { PgstreamError } from '../errors.ts'
import type { ChangeEvent } from '../wal/event.ts'
import { noLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import { encodeWireJsonBytes } from '../wal/wire-json.ts'
import { BulkSender } from './bulk.ts'
import { DeadLetters } from './dead-letters.ts'
import { Deliveries } from './deliveries.ts'
import { Encoder } from './encoder.ts'
import { HoleFiller } from './fill-holes.ts'
import { History } from './history.ts'
import type { StoredSource } from './history.ts'
import type { IndexedTable } from './indexed-table.ts'
import { LatestCommit, noCommit } from './latest-commit.ts'
import { keepTrying } from './keep-trying.ts'
import type { Persistence } from './keep-trying.ts'
import { openSearchClient } from './opensearch-client.ts'
import { SchemaChanges } from './schema-change.ts'
import { SchemaIndices } from './schema-indices.ts'
import type { SearchClient } from './search-client.ts'
import { searchConnection } from './search-connection.ts'
import type { QueuedOperation, WaitingOperation } from './queued-operation.ts'
import type { DocumentOperation, StoreOperation } from './search-operation.ts'
import type { SearchIndexerOptions } from './search-options.ts'
import { examineSource } from './source-place.ts'
import { askAbilities } from './store-abilities.ts'
import { asSearchError, StoreError } from './store-error.ts'
import { WrittenDocument } from './written-document.ts'
import { Runs } from './written-run.ts'
import type { WrittenRun } from './written-run.ts'

/** No retries: the stream ends, and goes on at the same place when it is started again. */
const once: RetryPolicy = { firstMs: 0, mostMs: 0, retries: 0 }
const unknownValue = {
  type: 'unknown_large_value',
  reason: 'an update did not send a large value, and nobody knows it',
}
type Encoded = QueuedOperation | readonly QueuedOperation[] | null
/** How often the highest LSN is written down. */
const noteEveryMs = 1000

/**
 * Keeps an index of every schema equal to its tables: a document for each row, and the mapping as DDL changes it. Durable
 * means: the store has acknowledged it.
 *
 * Rows come from a translator, or from Kafka where another pgstream's translator wrote them. What the store refuses for
 * ever is kept among the dead letters; what it does not take for now is tried again. Fails with
 * PGSTREAM_SEARCH_UNREACHABLE at the start, or when the retries are used up; PGSTREAM_SEARCH_REFUSED,
 * PGSTREAM_SEARCH_INDEX, PGSTREAM_SEARCH_DOCUMENT, PGSTREAM_SEARCH_AHEAD.
 */
export function searchIndexer(options: SearchIndexerOptions): SearchIndexer {
  return new SearchIndexer(options, openSearchClient(searchConnection(options)))
}

export class SearchIndexer extends Processor<QueuedOperation> {
  override readonly takesPrinted: boolean = true
  protected override readonly deliveriesAtOnce: number = 2
  readonly #options: SearchIndexerOptions
  readonly #client: SearchClient
  readonly #logger: Logger
  readonly #prefix: string
  readonly #generation: number
  readonly #history: History
  readonly #deadLetters: DeadLetters
  readonly #persistence: Persistence
  #encoder: Encoder | null = null
  #deliveries: Deliveries | null = null
  #waiting: WaitingOperation[] = []
  readonly #runs = new Runs()
  /** Somebody was told to wait until it is open. */
  #drainOwed = false
  readonly #resolved = new WeakMap<WaitingOperation, readonly StoreOperation[]>()
  #source: StoredSource = { systemIdentifier: '', timeline: 0, lsn: noLsn, commit: noCommit }
  readonly #closing = new AbortController()
  #highest: Lsn = noLsn
  #notedAt = -Infinity
  readonly #commits = new LatestCommit(
    (error) => this.#tellBehind(error),
    (error) => this.#endBehind(error),
  )
  #isOtherHistory = false

  constructor(options: SearchIndexerOptions, client: SearchClient) {
    const { searchIndexer: standard } = defaults
    super({
      checkpointer: options.checkpointer,
      maxQueueBytes: options.maxQueueBytes ?? standard.maxQueueBytes,
      batchSize: options.batchSize ?? standard.batchSize,
      batchBytes: options.batchBytes ?? standard.batchBytes,
    })
    this.#options = options
    this.#client = client
    this.#logger = options.logger ?? silentLogger
    this.#prefix = options.indexPrefix ?? standard.indexPrefix ?? ''
    this.#generation = options.indexGeneration ?? standard.indexGeneration
    this.#persistence = {
      logger: this.#logger,
      retry: options.storeRetry ?? { firstMs: 100, mostMs: 10_000, retries: Infinity },
      onRetry: (error) => this.metrics.retrying(error),
    }
    // until it is open: what comes before is encoded twice
    Object.defineProperty(this, 'writableNeedDrain', {
      get: () => (this.#drainOwed = true),
      configurable: true,
    })
    this.#history = new History(client, this.#prefix, this.#generation)
    this.#deadLetters = new DeadLetters({
      client,
      ...this.#persistence,
      prefix: this.#prefix,
      policy: options.deadLetters ?? standard.deadLetters,
      onKept: () => this.metrics.deadLettered(),
    })
  }

  /** What is not in the index as it is in the tables, since the start. */
  get counts(): { readonly deadLetters: number; readonly skippedRows: number; readonly keptValues: number } {
    const { skippedRows = 0 } = this.#encoder ?? {}
    return { deadLetters: this.#deadLetters.count, skippedRows, keptValues: this.metrics.ignoredValues }
  }

  protected override async open(): Promise<void> {
    try {
      const { about, ...abilities } = await askAbilities(this.#client)
      await this.#history.open()
      await this.#deadLetters.open()
      await this.#examineSource()
      const { mapper } = this.#options
      const encoder = new Encoder({
        ...{ abilities, mapper, prefix: this.#prefix, logger: this.#logger },
        onKept: () => this.metrics.ignored(),
      })
      encoder.tables.restore(await this.#history.tables())
      this.#encoder = encoder
      Reflect.deleteProperty(this, 'writableNeedDrain')
      this.#deliveries = this.#makeDeliveries(encoder, abilities.objectType !== null)
      for (const operation of this.#waiting)
        this.#resolved.set(operation, this.#encode(operation.event, encoder))
      this.#waiting = []
      if (this.#drainOwed) this.emit('drain')
      this.#logger.info({ store: about, generation: this.#generation }, 'writing to the search store')
    } catch (error) {
      throw asSearchError(error, 'Opening the search store')
    }
  }

  #makeDeliveries(encoder: Encoder, objects: boolean): Deliveries {
    const client = this.#client
    const logger = this.#logger
    const persistence = this.#persistence
    const { searchIndexer: standard } = defaults
    const {
      shards = standard.shards,
      replicas = standard.replicas,
      cleanupRetry = once,
      readRow,
    } = this.#options
    const [prefix, generation] = [this.#prefix, this.#generation]
    const indices = new SchemaIndices({ client, logger, prefix, generation, shards, replicas })
    const history = this.#history
    const changes = new SchemaChanges({ ...persistence, client, cleanupRetry, indices, history })
    const deadLetters = this.#deadLetters
    const heal = async (schema: string, signal: AbortSignal): Promise<void> => {
      logger.error(
        { schema },
        'the index of the schema, its alias or a field is missing: it is made anew; if the index was deleted, rows that do not change are missing in it, and it has to be filled anew',
      )
      indices.forget(schema)
      await changes.map(encoder.remapping(schema), signal)
    }
    const onUnfilled = (operation: DocumentOperation, signal: AbortSignal): Promise<void> =>
      deadLetters.keep(operation, unknownValue, signal)
    const tableOf = (id: string): IndexedTable | undefined => encoder.tables.get(id)
    return new Deliveries({
      bulk: new BulkSender({
        ...{ ...persistence, client, deadLetters, heal },
        onLeftOut: (operation, members) => encoder.leftOut(operation, members),
      }),
      changes,
      holes: new HoleFiller({
        ...persistence,
        client,
        readRow,
        tableOf,
        objects,
        isOutdated: (id) => deadLetters.has(id),
        onUnfilled,
      }),
      deadLetters,
    })
  }

  async #examineSource(): Promise<void> {
    const stored = await this.#history.source()
    if (stored) this.#source = stored
    this.#commits.known(this.#source.commit)
    this.#highest = this.#source.lsn
    const place = await this.#options.source?.()
    if (!place) return
    await examineSource(this.#source, place)
    const { systemIdentifier, timeline } = place
    this.#source = { ...this.#source, systemIdentifier, timeline }
    await this.#history.saveSource(this.#source)
  }

  protected override encode(event: ChangeEvent): Encoded {
    if (event.kind === 'message') return null
    if (this.#encoder) return this.#inRuns(this.#encode(event, this.#encoder))
    const waiting: WaitingOperation = { kind: 'waiting', event, bytes: encodeWireJsonBytes(event) }
    this.#waiting.push(waiting)
    return waiting
  }

  /** Null when the run that was queued before has taken the row. */
  #inRuns(operations: readonly StoreOperation[]): Encoded {
    const [document] = operations
    if (operations.length !== 1 || !(document instanceof WrittenDocument)) {
      this.#runs.end()
      return operations
    }
    const run = this.#runs.put(document, this.mayGrow(document.size))
    if (run === null) this.grew(document.size)
    return run
  }

  #encode(event: ChangeEvent, encoder: Encoder): readonly StoreOperation[] {
    this.#commits.note(event)
    return encoder.encode(event)
  }

  #tellBehind({ code, message, remedy }: PgstreamError): void {
    this.#logger.error({ code, remedy }, message)
  }

  /** Behind Kafka two servers may write to one topic. What is kept of this one refuses it from now on. */
  #endBehind(error: PgstreamError): void {
    if (!this.#options.source) return this.#tellBehind(error)
    this.#isOtherHistory = true
    const systemIdentifier = `${this.#source.systemIdentifier} before it was restored`
    this.#source = { ...this.#source, systemIdentifier }
    throw error
  }

  protected override async deliver(batch: readonly QueuedOperation[], signal: AbortSignal): Promise<void> {
    const operations = batch.some(isWaiting)
      ? batch.flatMap((operation): readonly (StoreOperation | WrittenRun)[] =>
          isWaiting(operation) ? this.#resolved.get(operation)! : [operation],
        )
      : (batch as readonly (StoreOperation | WrittenRun)[])
    try {
      await this.#deliveries!.deliver(operations, () => this.#note(operations, signal), signal)
    } catch (error) {
      throw error instanceof StoreError ? asSearchError(error, 'Writing to the search store') : error
    }
  }

  /** Now and then, and before the documents are there: none has a higher one for long. */
  async #note(operations: readonly { readonly lsn: Lsn }[], signal: AbortSignal): Promise<void> {
    for (const operation of operations) {
      if (operation.lsn > this.#highest) this.#highest = operation.lsn
    }
    if (performance.now() - this.#notedAt >= noteEveryMs) await this.#saveHighest(signal)
  }

  async #saveHighest(signal: AbortSignal): Promise<void> {
    if (this.#highest === this.#source.lsn) return
    this.#source = { ...this.#source, lsn: this.#highest, commit: this.#commits.latest }
    const trying = { ...this.#persistence, signal }
    await keepTrying('Keeping the position', () => this.#history.saveSource(this.#source), trying)
    this.#notedAt = performance.now()
  }

  override _final(callback: WriteCallback): void {
    this.#saveHighest(this.#closing.signal).then(
      () => super._final(callback),
      (error: unknown) => callback(asSearchError(error, 'Keeping the position')),
    )
  }

  protected override async release(): Promise<void> {
    this.#closing.abort(new Error('the indexer was closed'))
    if (this.#isOtherHistory) await this.#history.saveSource(this.#source)
    await this.#client.close()
  }
}

const isWaiting = (operation: QueuedOperation): operation is WaitingOperation => operation.kind === 'waiting'
