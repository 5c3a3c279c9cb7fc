import type {
  DeleteEvent,
  InsertEvent,
  RowEvent,
  Translation,
  TruncateEvent,
  UpdateEvent,
} from '../wal/event.ts'
import type { Filling } from '../wal/large-json.ts'
import { noTuple, PrintedChange } from '../wal/printed-change.ts'
import type { Relation } from '../wal/relation.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Row } from '../wal/value.ts'
import { writeLines, writePrintedLines } from './document-bytes.ts'
import type { DocumentFrame } from './document-bytes.ts'
import type { IndexedTables } from './indexed-tables.ts'
import { typeInRow, withColumn } from './indexed-table.ts'
import type { IndexedTable } from './indexed-table.ts'
import { lsnField } from './index-mapping.ts'
import { printedId } from './printed-id.ts'
import { documentId, rowShape } from './row-shape.ts'
import type { RowShape } from './row-shape.ts'
import { deleteLine, indexLines } from './search-operation.ts'
import type { DocumentOperation, Hole, StoreOperation, Version } from './search-operation.ts'
import { storeChange } from './store-change.ts'
import type { Step } from './store-change.ts'

export interface DocumentOptions {
  readonly tables: IndexedTables
  /** The beginning of the names of all indices and aliases. */
  readonly prefix: string
  /** Whether the store has a type for whole objects. */
  readonly objects: boolean
  /** A row is not written, because nothing identifies it. */
  readonly onSkipped: (relation: Relation, reason: 'no translation' | 'no identity') => void
  /** A column has no id, so its values are not written. */
  readonly onUnknown: (relation: Relation, column: string) => void
  /** A value is in the document and cannot be looked up. */
  readonly onKept: (table: IndexedTable, column: string) => void
}

/** Makes of rows what is done to documents. */
export class Documents {
  readonly #options: DocumentOptions
  #shapes = new WeakMap<Translation, RowShape>()

  constructor(options: DocumentOptions) {
    this.#options = options
  }

  /** In the order in which it is to be done. */
  encode(event: RowEvent): StoreOperation[] {
    const { relation, translation } = event
    if (!translation || translation.tableId === '') {
      this.#options.onSkipped(relation, 'no translation')
      return []
    }
    if (event.kind === 'truncate') return this.#truncate(event, translation)
    const steps: Step[] = []
    const shape = this.#shapeOf(relation, translation, steps)
    const documents = this.#documents(event, shape)
    if (documents.length === 0) this.#options.onSkipped(relation, 'no identity')
    return steps.length === 0 ? documents : [storeChange(event.lsn, steps), ...documents]
  }

  #documents(event: Exclude<RowEvent, TruncateEvent>, shape: RowShape): DocumentOperation[] {
    switch (event.kind) {
      case 'insert':
        return this.#insert(event, shape)
      case 'update':
        return this.#update(event, shape)
      case 'delete':
        return this.#delete(event, event.old, shape)
    }
  }

  #insert(event: InsertEvent, shape: RowShape): DocumentOperation[] {
    if (event instanceof PrintedChange && shape.versionAt === null) return writePrinted(event, shape)
    const id = documentId(shape, event.values)
    // an update under a new key, in Kafka
    return id === null ? [] : [write(event, shape, id, holeOf(shape, event.values, id, null))]
  }

  #update(event: UpdateEvent, shape: RowShape): DocumentOperation[] {
    const isPrinted = event instanceof PrintedChange && shape.versionAt === null
    if (isPrinted && event.oldAt === noTuple) return writePrinted(event, shape)
    const { values, old } = event
    const known = old && isKnown(shape, old) ? old : null
    const id = documentId(shape, values, known)
    if (id === null) return []
    const before = known ? documentId(shape, known) : id
    const hole = holeOf(shape, values, before ?? id, known)
    const written = write(event, shape, id, hole)
    // with a hole, the old document has to be there until the new one is
    return before === null || before === id ? [written] : [written, ...this.#delete(event, known!, shape)]
  }

  #delete(event: UpdateEvent | DeleteEvent, old: Row, shape: RowShape): DocumentOperation[] {
    const id = isKnown(shape, old) ? documentId(shape, old) : null
    if (id === null) return []
    const version = versionOf(event, shape, old)
    const bytes = deleteLine(shape.index, id, version)
    return [{ ...targetOf(shape), kind: 'delete', id, version, lsn: event.lsn, hole: null, bytes }]
  }

  #truncate({ relation, lsn }: TruncateEvent, { tableId }: Translation): StoreOperation[] {
    const schema = this.#options.tables.get(tableId)?.schema ?? relation.schema
    return [storeChange(lsn, [{ do: 'delete-rows', schema, tableId, until: lsn, because: 'truncate' }])]
  }

  /** What is new about the table is to be done to the store before the row. */
  #shapeOf(relation: Relation, translation: Translation, steps: Step[]): RowShape {
    const { tables, prefix, objects, onKept } = this.#options
    const cached = this.#shapes.get(translation)
    if (cached && cached.relation === relation && cached.table === tables.get(translation.tableId))
      return cached
    const columnIds = this.#columnIdsOf(relation, translation)
    const table = this.#tableOf(relation, translation, columnIds, steps)
    const shape = rowShape({ table, relation, translation, columnIds, prefix, objects, onKept })
    this.#shapes.set(translation, shape)
    return shape
  }

  /** Who wrote the row to Kafka may not have told the id of a column: it is known by its name then, or not kept. */
  #columnIdsOf(relation: Relation, { tableId, columnIds }: Translation): readonly string[] {
    if (!columnIds.includes('')) return columnIds
    const known = new Map(this.#options.tables.get(tableId)?.columns.map(({ name, id }) => [name, id]))
    return relation.columns.map(({ name }, i) => {
      const id = columnIds[i] === '' ? (known.get(name) ?? '') : columnIds[i]!
      if (id === '') this.#options.onUnknown(relation, name)
      return id
    })
  }

  #tableOf(
    relation: Relation,
    translation: Translation,
    columnIds: readonly string[],
    steps: Step[],
  ): IndexedTable {
    const { tables } = this.#options
    const known = tables.get(translation.tableId)
    let table = known ?? newTable(relation, translation, tables)
    for (const [i, { name, type }] of relation.columns.entries()) {
      const id = columnIds[i]!
      if (id === '') continue
      const { kind } = typeInRow(table, id, type)
      if (!table.kinds[id]?.includes(kind)) table = withColumn(table, { id, name, type })
      else if (!table.columns.some((column) => column.id === id))
        steps.push(tables.pastColumnStep(table, { id, name, type, kind }))
    }
    const identity = translation.identityColumnIds
    if (identity && !isSameList(identity, table.identity)) {
      table = { ...table, identity, identityNumber: table.identityNumber + 1 }
    }
    if (table === known) return table
    steps.push(tables.mapStep(table, known))
    if (known?.identity && table.identityNumber !== known.identityNumber)
      steps.push({ do: 'identify-rows', table, before: known })
    steps.push(tables.saveStep(table))
    tables.put(table)
    return table
  }
}

const newTable = (
  { oid, schema, table: name }: Relation,
  { tableId: id }: Translation,
  tables: IndexedTables,
): IndexedTable => ({
  oid,
  id,
  schema,
  name,
  columns: [],
  kinds: tables.pastOf(id),
  identity: null,
  identityNumber: 0,
})

const isSameList = (a: readonly string[], b: readonly string[] | null): boolean =>
  a.length === b?.length && a.every((item, i) => item === b[i])

/** Whether an old row has the values that identify it: Postgres sends those of the replica identity only. */
const isKnown = ({ identityAt, relation }: RowShape, old: Row): boolean =>
  identityAt !== null &&
  identityAt.every(
    (at) => old[at] !== unchangedToast && (relation.columns[at]!.key || relation.replicaIdentity === 'full'),
  )

const targetOf = ({ index, table }: RowShape): Pick<DocumentOperation, 'index' | 'schema' | 'table'> => ({
  index,
  schema: table.schema,
  table: table.name,
})

/** What stayed as it was printed has all its values, and an id of its own. */
function writePrinted(change: PrintedChange, shape: RowShape): DocumentOperation[] {
  const written = writePrintedLines(shape, change)
  if (written) return [written]
  const id = printedId(shape, change)
  if (id === null) return []
  const { lsn } = change
  const version: Version = { value: lsn, type: 'external' }
  return [documentOf(shape, { id, version, lsn }, null, longLines(shape, id, version, change))]
}

function write(
  event: InsertEvent | UpdateEvent,
  shape: RowShape,
  id: string,
  hole: Hole | null,
): DocumentOperation {
  const version = versionOf(event, shape, event.values)!
  const { lsn } = event
  const written = writeLines(shape, { id, version, lsn }, event.values)
  if (written && hole === null && version.type === 'external') return written
  const bytes = written?.bytes ?? longLines(shape, id, version, event)
  return documentOf(shape, { id, version, lsn }, hole, bytes)
}

const documentOf = (
  shape: RowShape,
  frame: DocumentFrame,
  hole: Hole | null,
  bytes: Buffer,
): DocumentOperation => ({ ...targetOf(shape), kind: 'index', ...frame, hole, bytes })

function longLines(
  shape: RowShape,
  id: string,
  version: Version,
  { values, lsn }: Pick<InsertEvent, 'values' | 'lsn'>,
): Buffer {
  const large: Filling[] = []
  const source = sourceJson(values, lsn, shape, large)
  return indexLines(shape.index, id, version, source, large)
}

function sourceJson(values: Row, lsn: bigint, { head, writers }: RowShape, large: Filling[]): string {
  let json = `${head},"${lsnField}":${lsn}`
  for (let i = 0; i < writers.length; i++) {
    const value = values[i]!
    if (value !== unchangedToast) json += writers[i]!(value, large)
  }
  return `${json}}`
}

function versionOf(
  event: InsertEvent | UpdateEvent | DeleteEvent,
  { versionAt }: RowShape,
  row: Row,
): Version | null {
  if (versionAt === null) return { value: event.lsn, type: 'external' }
  const given = row[versionAt]
  if (typeof given === 'bigint') return { value: given, type: 'external_gte' }
  if (typeof given === 'number') return { value: BigInt(Math.round(given)), type: 'external_gte' }
  if (typeof given === 'string' && /^\d+$/.test(given)) return { value: BigInt(given), type: 'external_gte' }
  return event.kind === 'delete' ? null : { value: event.lsn, type: 'external_gte' }
}

function holeOf(shape: RowShape, values: Row, from: string, old: Row | null): Hole | null {
  if (!values.includes(unchangedToast)) return null
  const { table, columnIds, fields, identityAt } = shape
  const columns = values.flatMap((value, i) =>
    value === unchangedToast && columnIds[i] !== '' ? [{ id: columnIds[i]!, field: fields[i]! }] : [],
  )
  if (columns.length === 0) return null
  const key = identityAt!.map((at) => {
    const value = values[at] === unchangedToast ? old?.[at] : values[at]
    return { columnId: columnIds[at]!, value: keyText(value) }
  })
  return { tableId: table.id, oid: table.oid, columns, from, key }
}

const keyText = (value: Row[number] | undefined): string =>
  Buffer.isBuffer(value) ? `\\x${value.toString('hex')}` : String(value)
