import type { Relation } from '../wal/relation.ts'
import { isSameValue, unchangedToast } from '../wal/value.ts'
import type { Row, Value } from '../wal/value.ts'
import { fillUnchanged } from './fill-unchanged.ts'
import type { KnownTable } from './known-table.ts'
import { isLargeMessage } from './large-message.ts'
import type { TypeNames } from './type-names.ts'
import { describeRow } from './wal2json-description.ts'
import type { DescribedRow } from './wal2json-description.ts'
import type { Wal2jsonScanner } from './wal2json-scanner.ts'
import { shapeAsItComes, shapeOfKnown } from './wal2json-shape.ts'
import type { RowShape } from './wal2json-shape.ts'
import { readValue } from './wal2json-value.ts'

const columnsKey = Buffer.from(',"columns":[')
const identityKey = Buffer.from(',"identity":[')
const comma = 0x2c
const closeBracket = 0x5d
const closeBrace = 0x7d

export type RowAction = 'insert' | 'update' | 'delete'

export interface DecodedRow {
  readonly relation: Relation
  /** The new row; empty in a delete. */
  readonly values: Row
  readonly old: Row | null
}

/** What outlives a `Wal2jsonTable` as long as the schema log says the same of its table. */
export interface TableMemory {
  shape?: RowShape
}

/** More shapes than that are not kept, of a table that only its rows describe. */
const mostOddShapes = 100

/**
 * Reads the rows of one table. What they look like is found out once: then each column is known by the bytes before its
 * value, and what is left to be read are the values.
 */
export class Wal2jsonTable {
  readonly #schema: string
  readonly #name: string
  readonly #known: KnownTable | undefined
  readonly #memory: TableMemory
  readonly #types: TypeNames
  /** Whether rows are as the schema log says; when one is not, it is not asked any more. */
  #isAsKnown: boolean
  #oddShapes = new Map<string, RowShape>()
  #shape: RowShape | undefined

  constructor(
    { schema, name, known }: { schema: string; name: string; known: KnownTable | undefined },
    memory: TableMemory,
    types: TypeNames,
  ) {
    this.#schema = schema
    this.#name = name
    this.#known = known
    this.#memory = memory
    this.#types = types
    this.#isAsKnown = known !== undefined
    this.#shape = memory.shape
  }

  get isPartitioned(): boolean {
    return this.#known?.partitioned ?? false
  }

  /** Of a line that shows no row. */
  relation(): Relation {
    this.#shape ??= this.#shapeOf({ columns: [], identity: [], isWhole: false })
    return this.#shape.relation
  }

  /** Reads a line from behind the name of the table to the brace that closes it. */
  read(scanner: Wal2jsonScanner, action: RowAction): DecodedRow {
    const from = scanner.at
    // a large one is overwritten while it is read: it is read once, when its shape is certain
    const row = this.#shape && !isLargeMessage(scanner.bytes) && this.#decode(scanner, action, this.#shape)
    if (row) return row
    scanner.at = from
    this.#shape = this.#shapeOf(describeRow(scanner, this.#types))
    scanner.at = from
    const second = this.#decode(scanner, action, this.#shape)
    if (!second) throw scanner.damaged()
    return second
  }

  #shapeOf(row: DescribedRow): RowShape {
    if (this.#known && this.#isAsKnown) {
      const shape = shapeOfKnown(this.#known, row, this.#types, this.#memory.shape)
      if (shape) return (this.#memory.shape = shape)
      this.#isAsKnown = false
    }
    const prefixes = [row.columns, row.identity].map((list) =>
      list.map(({ prefix }) => prefix.toString('latin1')),
    )
    const signature = JSON.stringify(prefixes)
    const shape = this.#oddShapes.get(signature) ?? shapeAsItComes(this.#schema, this.#name, row)
    if (this.#oddShapes.size >= mostOddShapes) this.#oddShapes = new Map()
    this.#oddShapes.set(signature, shape)
    return shape
  }

  /** Null when the row is not of this shape. */
  #decode(scanner: Wal2jsonScanner, action: RowAction, shape: RowShape): DecodedRow | null {
    const { relation, width, keyWidth } = shape
    let values: Value[] = []
    if (action !== 'delete') {
      scanner.expect(columnsKey)
      values = new Array<Value>(width).fill(unchangedToast)
      const count = readList(scanner, shape, values)
      if (count < (action === 'insert' ? width : 0)) return null
      if (action === 'insert') return { relation, values, old: null }
    }
    scanner.expect(identityKey)
    const old = new Array<Value>(width).fill(null)
    // every row of a shape is identified in the same way
    if (readList(scanner, shape, old, true) !== keyWidth) return null
    if (action === 'delete') return { relation, values, old }
    const isFull = relation.replicaIdentity === 'full'
    const oldIsTold = isFull || keyDiffers(relation, values, old)
    fillUnchanged(values, old, isFull ? null : relation.columns)
    return { relation, values, old: oldIsTold ? old : null }
  }
}

/** Reads columns and their values into `row`, and gives how many; -1 when a column is not of the shape. */
function readList(scanner: Wal2jsonScanner, shape: RowShape, row: Value[], onlyKey = false): number {
  if (scanner.takeByte(closeBracket)) return 0
  const { columns, relation } = shape
  let count = 0
  let at = 0
  do {
    while (at < columns.length && !isNext(scanner, columns[at]!.prefix)) at++
    if (at === columns.length) return -1
    const { kind, target } = columns[at++]!
    const value = readValue(scanner, kind)
    scanner.expectByte(closeBrace)
    if (target < 0) continue
    if (onlyKey && !relation.columns[target]!.key) return -1
    row[target] = value
    count++
  } while (scanner.takeByte(comma))
  scanner.expectByte(closeBracket)
  return count
}

const isNext = (scanner: Wal2jsonScanner, prefix: Buffer | null): boolean =>
  prefix !== null && scanner.take(prefix)

/**
 * wal2json always says the key of the old row. Postgres writes it down when the key changed, or when a value of it is so
 * large that the new row lacks it.
 */
function keyDiffers({ columns }: Relation, values: Row, old: Row): boolean {
  return columns.some(({ key }, i) => key && !isSameValue(values[i], old[i]))
}
