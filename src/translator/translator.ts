import { Transform } from 'node:stream'
import type { TransformCallback } from 'node:stream'
import { silentLogger } from '../telemetry/logger.ts'
import type { Logger } from '../telemetry/logger.ts'
import { isPositionOnly } from '../wal/event.ts'
import type { ChangeEvent, RowEvent, SchemaChangeEvent, Translation, WalEvent } from '../wal/event.ts'
import type { Relation } from '../wal/relation.ts'
import type { HasSchemaStore, SchemaStore } from '../wal/schema-store.ts'
import { eventOfEntry } from './event-of-entry.ts'
import { HeldCommits } from './held-commits.ts'
import { rowSize } from './row-size.ts'
import { SchemaAtPosition } from './schema-at-position.ts'
import { isOf, translate } from './translations.ts'
import type { Finders } from './translations.ts'

export interface TranslatorOptions extends Finders {
  /**
   * What knows the tables of the source at every place of its stream. Default: that of the listener which is piped into
   * the translator, if it has one (`postgresListener`); else only what the stream says is known.
   */
  readonly store?: SchemaStore | undefined
  /** Schemas whose rows and DDL are to be left out. */
  readonly skipSchema?: ((schema: string) => boolean) | undefined
  readonly logger?: Logger | undefined
}

/**
 * A stage that adds to rows what their table was at their place in the stream: stable ids of table and columns, the
 * columns that identify a row, and what orders its states (`event.translation`). The event itself is changed, not copied;
 * one that has a translation keeps it. Rows of a table that nothing describes pass as they are.
 *
 * An entry of the schema log that a row needs and that stands behind it in the stream comes before it, and not again.
 *
 * Fails with a PgstreamError: PGSTREAM_NO_RIGHT, PGSTREAM_NOT_INITIALIZED, PGSTREAM_SOURCE_UNREACHABLE (of a store
 * that was never reached: it is tried again otherwise), PGSTREAM_CONFIG_INVALID for a finder that names no column.
 */
export const translator = (options: TranslatorOptions = {}): Translator => new Translator(options)

/** What is known of rows of one shape, as long as nothing else is known of any table. */
interface Seen {
  version: number
  readonly skipped: boolean
  readonly translation: Translation | null
  readonly relation: Relation
}

const mostHeldBytes = 64 * 1024

/** The one who writes these fields. */
type Untranslated = { translation: Translation | null; relation: Relation }

export class Translator extends Transform {
  readonly takesPrinted: boolean = true
  readonly #options: TranslatorOptions
  readonly #logger: Logger
  readonly #abort = new AbortController()
  readonly #seen = new WeakMap<Relation, Seen>()
  readonly #held = new HeldCommits({
    write: (marks) => this.#store!.mark(marks, this.#abort.signal),
    handOn: (event) => void this.push(event),
    fail: (error) => void this.destroy(error),
  })
  #store: SchemaStore | undefined
  #schema: SchemaAtPosition | null = null
  /** Entries that were put before their place, in the transaction that passes. */
  #early = 0

  constructor(options: TranslatorOptions) {
    super({ objectMode: true, highWaterMark: 1 })
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    this.#store = options.store
    this.once('pipe', (source: Partial<HasSchemaStore>) => (this.#store ??= source.schemaStore))
  }

  /** How many events wait in it for the store, beside those in its queues. */
  get heldLength(): number {
    return this.#held.length
  }

  override _transform(event: WalEvent, _encoding: BufferEncoding, callback: TransformCallback): void {
    if (this.#schema !== null && this.#takeAtOnce(event, this.#schema)) callback()
    else this.#take(event).then(() => callback(), callback)
  }

  /** Most events: no promise is made for them. */
  #takeAtOnce(event: WalEvent, schema: SchemaAtPosition): boolean {
    if (!this.#held.isEmpty) return false
    switch (event.kind) {
      case 'schema-change':
        return false
      case 'commit':
      case 'keepalive':
        if (schema.hasEntries) return false
        this.#early = 0
        this.push(event)
        return true
      case 'message':
        this.push(event)
        return true
      default: {
        const seen = this.#seen.get(event.relation)
        if (seen?.version !== schema.version || schema.needsBegin(event)) return false
        this.#handOn(event, seen)
        return true
      }
    }
  }

  async #take(event: WalEvent): Promise<void> {
    const schema = (this.#schema ??= await this.#open())
    if (isPositionOnly(event)) {
      this.#held.add(event, event.kind === 'commit' ? schema.commit(event) : [])
      this.#early = 0
    } else {
      if (isLarge(event)) await this.#held.emptied()
      if (!this.destroyed) await this.#takeChange(event, schema)
    }
    if (this.#held.isFull) await this.#held.emptied()
  }

  async #takeChange(event: ChangeEvent, schema: SchemaAtPosition): Promise<void> {
    if (event.kind === 'message') return this.#held.add(event)
    if (schema.needsBegin(event)) await schema.begin(event)
    if (event.kind === 'schema-change') this.#schemaChange(event, schema)
    else await this.#row(event, schema)
  }

  async #open(): Promise<SchemaAtPosition> {
    await this.#store?.open(this.#abort.signal)
    return new SchemaAtPosition(this.#store, this.#abort.signal)
  }

  #schemaChange(event: SchemaChangeEvent, schema: SchemaAtPosition): void {
    const isNews = schema.learn(event)
    const schemaName = schema.schemaIn(event)
    if (schemaName !== event.entry.schemaName) renameSchema(event, schemaName)
    if (isNews && !this.#options.skipSchema?.(event.entry.schemaName)) this.#held.add(event)
    else this.#leaveOut(event)
  }

  async #row(event: RowEvent, schema: SchemaAtPosition): Promise<void> {
    const { relation } = event
    let seen = this.#seen.get(relation)
    if (seen?.version !== schema.version) {
      const skipped = this.#options.skipSchema?.(relation.schema) ?? false
      const translation = skipped ? null : await this.#translate(event, schema, seen)
      seen = { version: 0, skipped, translation, relation: named(relation, schema) }
      seen.version = schema.version
      this.#seen.set(relation, seen)
    }
    this.#handOn(event, seen)
  }

  #handOn(event: RowEvent, { skipped, translation, relation }: Seen): void {
    if (skipped) return this.#leaveOut(event)
    ;(event as Untranslated).translation ??= translation
    if (relation !== event.relation) (event as Untranslated).relation = relation
    this.#held.add(event)
  }

  async #translate(
    event: RowEvent,
    schema: SchemaAtPosition,
    before: Seen | undefined,
  ): Promise<Translation | null> {
    const { relation, translation } = event
    if (translation !== null) return translation
    const known = schema.known(relation)
    if (!known || !isOf(known.table, relation)) {
      // what is marked says which entries are still to come
      await this.#held.emptied()
      for (const stored of await schema.define(event)) this.push(eventOfEntry(stored, event, --this.#early))
    }
    const table = schema.known(relation)
    if (!table || !isOf(table.table, relation)) this.#warn(relation, table !== undefined, before)
    if (!table) return null
    const now = translate(relation, table, this.#options)
    return before?.translation && isSame(before.translation, now) ? before.translation : now
  }

  /** Once for each shape. */
  #warn({ schema, table }: Relation, isKnown: boolean, before: Seen | undefined): void {
    if (before) return
    this.#logger.warn(
      { table: `${schema}.${table}` },
      isKnown
        ? 'rows of this table have columns that no entry of the schema log describes: these have no ids'
        : 'no entry of the schema log describes this table: its rows pass without ids',
    )
  }

  /** Nothing of the event goes on but where the source can resume. */
  #leaveOut({ position }: ChangeEvent): void {
    if (position !== null) this.#held.add({ kind: 'keepalive', position })
  }

  override _flush(callback: TransformCallback): void {
    this.#held.emptied().then(() => callback(), callback)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#abort.abort()
    const closed = this.#store?.close() ?? Promise.resolve()
    closed.then(() => callback(error), callback)
  }
}

/** Not to be held back: a few of them would take more memory than anybody counts. */
const isLarge = (event: ChangeEvent): boolean =>
  event.kind === 'message' || (event.kind !== 'schema-change' && rowSize(event) > mostHeldBytes)

/** Behind the entry that renamed a schema, another says what a transaction did that was open then: under the new name, too. */
function renameSchema(event: SchemaChangeEvent, schemaName: string): void {
  const isName = event.relation.columns.map(({ name }) => name === 'schema_name')
  const values = event.values.map((value, i) => (isName[i] ? schemaName : value))
  Object.assign(event, { entry: { ...event.entry, schemaName }, values })
}

/** With the name that its schema has here: a transaction that was open when it was renamed calls it by the old one. */
function named(relation: Relation, schema: SchemaAtPosition): Relation {
  const now = relation.oid === 0 ? relation.schema : (schema.known(relation)?.schema ?? relation.schema)
  return now === relation.schema ? relation : { ...relation, schema: now }
}

const isSame = (a: Translation, b: Translation): boolean => JSON.stringify(a) === JSON.stringify(b)
