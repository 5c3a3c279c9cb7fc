import type { Logger } from '../telemetry/logger.ts'
import type { ChangeEvent, SchemaChangeEvent } from '../wal/event.ts'
import type { Relation } from '../wal/relation.ts'
import { Documents } from './document.ts'
import { warningsOf } from './entry-warnings.ts'
import { IndexedTables } from './indexed-tables.ts'
import type { Mapper, StoreAbilities } from './index-mapping.ts'
import { tableOf } from './row-shape.ts'
import type { DocumentOperation, StoreOperation } from './search-operation.ts'
import { storeChange } from './store-change.ts'
import type { MapStep, StoreChange } from './store-change.ts'

export interface EncoderOptions {
  readonly abilities: StoreAbilities
  readonly mapper?: Mapper | undefined
  readonly prefix: string
  readonly logger: Logger
  /** Hears of each value that is in its document and cannot be looked up. */
  readonly onKept: () => void
}

/** Makes of each change, in the order of the stream, what is to be done to the store. */
export class Encoder {
  readonly tables: IndexedTables
  readonly #documents: Documents
  readonly #logger: Logger
  readonly #onKept: () => void
  /** What was said once. */
  readonly #said = new Set<string>()
  skippedRows = 0

  constructor({ abilities, mapper, prefix, logger, onKept }: EncoderOptions) {
    this.#logger = logger
    this.#onKept = onKept
    this.tables = new IndexedTables({ abilities, mapper })
    this.#documents = new Documents({
      tables: this.tables,
      prefix,
      objects: abilities.objectType !== null,
      onSkipped: (relation, reason) => this.#skipped(relation, reason),
      onUnknown: ({ schema, table }, column) =>
        this.#once(
          `${schema}.${table}.${column} no id`,
          { schema, table, column },
          'a column of rows has no stable id: its values are not in the index; a translator has to write them',
        ),
      onKept: ({ schema, name }, column) => {
        onKept()
        const where = `${schema}.${name}.${column}`
        this.#once(
          where,
          { schema, table: name, column },
          'a value is in its document and cannot be looked up',
        )
      },
    })
  }

  encode(event: ChangeEvent): readonly StoreOperation[] {
    const certain = this.tables.begin(event.commitLsn)
    const before = certain.length === 0 ? [] : [storeChange(event.lsn, certain)]
    switch (event.kind) {
      case 'message':
        return before
      case 'schema-change':
        return [...before, this.#learn(event)]
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate': {
        const operations = this.#documents.encode(event)
        return before.length === 0 ? operations : [...before, ...operations]
      }
    }
  }

  /** Everything that is known of a schema, for an index that lacks it. */
  remapping(schema: string): MapStep[] {
    return [{ do: 'map', schema, fields: {}, names: new Map() }, ...this.tables.stepsOf(schema)]
  }

  /** The store refuses these members of a document, which hold whole objects, and has it without them. */
  leftOut({ id, schema, table: name }: DocumentOperation, members: readonly string[]): void {
    const columns = this.tables.get(tableOf(id))?.columns
    for (const member of members) {
      this.#onKept()
      const column = columns?.find(({ field }) => member === `${field}-object`)?.name
      this.#once(
        `${schema}.${name}.${column ?? member} object`,
        { schema, table: name, ...(column === undefined ? {} : { column }) },
        'the search store refuses a value as an object, for what is in it: it is in its document as text, and by @object it cannot be looked up',
      )
    }
  }

  #learn(event: SchemaChangeEvent): StoreChange {
    for (const { text, ...about } of warningsOf(event.entry, (id) => this.tables.get(id))) {
      this.#logger.warn(about, text)
    }
    return storeChange(event.lsn, this.tables.learn(event), event.entry)
  }

  #skipped({ schema, table }: Relation, reason: 'no translation' | 'no identity'): void {
    this.skippedRows++
    const text =
      reason === 'no identity'
        ? 'nothing identifies the rows of the table: they are not in the index; give it a primary key'
        : 'rows of the table have no stable ids: they are not in the index; a translator has to write them'
    this.#once(`${schema}.${table} ${reason}`, { schema, table }, text)
  }

  #once(key: string, about: Readonly<Record<string, unknown>>, text: string): void {
    if (this.#said.has(key)) return
    this.#said.add(key)
    this.#logger.warn(about, text)
  }
}
