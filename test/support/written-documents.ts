import { actionStart, indexLines } from '../../src/search/search-operation.ts'
import type { RowShape } from '../../src/search/row-shape.ts'
import { WrittenDocument } from '../../src/search/written-document.ts'
import { lsn } from '../../src/wal/lsn.ts'

/** As much of the shape of a table's rows as documents that are written already need. */
export const shapeOf = (name: string, index = 'p-public'): RowShape =>
  ({
    index,
    table: { schema: 'public', name },
    bytes: { action: Buffer.from(actionStart('index', index)) },
  }) as RowShape

export interface WrittenOptions {
  readonly shape?: RowShape
  /** Where the first begins in the memory that they share. */
  readonly from?: number
  /** By the number of the document. */
  readonly lsnOf?: (i: number) => bigint
}

const users = shapeOf('users')

/** Documents whose lines stand one behind the other. */
export function written(
  ids: readonly string[],
  { shape = users, from = 0, lsnOf = () => 0x16b3748n }: WrittenOptions = {},
): WrittenDocument[] {
  const lines = ids.map((id, i) =>
    indexLines(
      shape.index,
      id,
      { value: lsnOf(i), type: 'external' },
      `{"id":${JSON.stringify(id)},"é":"a\\nb"}`,
    ),
  )
  const slab = Buffer.concat([Buffer.alloc(from), ...lines])
  let at = from
  return ids.map((_, i) => new WrittenDocument(shape, lsn(lsnOf(i)), slab, at, (at += lines[i]!.length)))
}
