import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DataRows } from '../../../src/postgres/backfill/data-rows.ts'
import { StreamSide } from '../../../src/postgres/backfill/stream-side.ts'
import type { Chunk } from '../../../src/postgres/backfill/chunk.ts'
import { TableFill } from '../../../src/postgres/backfill/table-fill.ts'
import type { TableShape } from '../../../src/postgres/backfill/table-shape.ts'
import { watermarkText } from '../../../src/postgres/backfill/watermark.ts'
import type { AddedRow } from '../../../src/postgres/companion.ts'
import type { MessageEvent, UpdateEvent } from '../../../src/wal/event.ts'
import { lsn } from '../../../src/wal/lsn.ts'
import type { Relation } from '../../../src/wal/relation.ts'
import { asText } from '../../../src/wal/value-kind.ts'
import { unchangedToast } from '../../../src/wal/value.ts'
import type { Row } from '../../../src/wal/value.ts'

const relation: Relation = {
  oid: 7,
  schema: 'public',
  table: 't',
  replicaIdentity: 'default',
  columns: [
    { name: 'id', type: 'text', typeOid: 25, key: true },
    { name: 'v', type: 'text', typeOid: 25, key: false },
  ],
}

const shape: TableShape = {
  sqlName: 'public.t',
  relation,
  kinds: [asText, asText],
  withoutNaN: [],
  order: [{ at: 0, name: 'id', type: 'text', before: '<', same: '=', after: '>', collation: null }],
  identity: [],
  filenode: '',
  pages: 0,
  estimatedRows: null,
  described: '',
}

function dataRow(texts: readonly string[]): Buffer {
  const values = texts.flatMap((text) => {
    const length = Buffer.alloc(4)
    length.writeInt32BE(text.length)
    return [length, Buffer.from(text)]
  })
  const row = Buffer.concat([Buffer.from([0x44, 0, 0, 0, 0, 0, texts.length]), ...values])
  row.writeUInt32BE(row.length - 1, 1)
  return row
}

class Filling {
  readonly stream = new StreamSide({ look: () => undefined, moved: () => undefined })
  readonly table = new TableFill({
    oid: 7,
    ...{ requestedAt: 'now', schema: 'public', table: 't', orderedBy: null, lastKey: null },
    ...{ again: [], rows: 0, bytes: 0 },
  })
  #at = 0n
  #last: MessageEvent | null = null

  constructor() {
    this.stream.tables.set(7, this.table)
  }

  /** Its rows are read, and what happens in the stream meanwhile. */
  begin(ids: readonly string[], meanwhile: (chunk: Chunk) => void): Chunk {
    const chunk = this.stream.begin(this.table)
    this.mark(chunk, 'low')
    const rows = new DataRows()
    for (const id of ids) {
      const row = dataRow([id, 'read'])
      rows.add(row, 0, row.length)
    }
    chunk.wasRead({ shape, rows })
    chunk.place = ids.slice(-1)
    meanwhile(chunk)
    return chunk
  }

  /** So many of the rows that are left are handed on. */
  handOn(chunk: Chunk, most = Infinity): Iterator<AddedRow> {
    chunk.mark(most)
    return this.mark(chunk, 'high')
  }

  mark(chunk: Chunk, edge: 'low' | 'high'): Iterator<AddedRow> {
    const content = Buffer.from(`${watermarkText(this.stream.run, chunk.number, edge)} 1`)
    const event: MessageEvent = {
      ...{ kind: 'message', transactional: false, prefix: 'pgstream.backfill', content },
      ...this.#place(),
    }
    this.#last = event
    return this.stream.see(event, false)!
  }

  /** The last watermark, over another connection. */
  again(): Iterator<AddedRow> {
    return this.stream.see(this.#last!, false)!
  }

  update(values: Row, old: Row | null = null): void {
    const event: UpdateEvent = { kind: 'update', relation, values, old, ...this.#place() }
    assert.equal(this.stream.see(event, false), null)
  }

  delete(old: Row): void {
    assert.equal(this.stream.see({ kind: 'delete', relation, old, ...this.#place() }, false), null)
  }

  #place() {
    const at = lsn(++this.#at)
    const [position, translation] = [null, null]
    return { commitLsn: at, ordinal: 0, lsn: at, xid: 1, commitTime: 0, position, translation }
  }
}

const idsOf = (rows: Iterator<AddedRow>): unknown[] => {
  const ids: unknown[] = []
  for (let next = rows.next(); !next.done; next = rows.next()) ids.push(next.value.event.values[0])
  return ids
}

const losses: Record<string, (filling: Filling) => void> = {
  'the session that reads is lost': ({ stream }) => stream.dropAll(),
  'the table cannot be read': ({ stream, table }) => stream.dropTable(table),
  'its rows lie in another file': ({ table }) => table.startOver(),
}

for (const [what, lose] of Object.entries(losses)) {
  test(`a row that was touched is not handed on when ${what} before all rows of its chunk found room`, () => {
    const filling = new Filling()
    const chunk = filling.begin(['1', '2', '3'], () => filling.update(['2', 'new']))
    const rows = filling.handOn(chunk)
    const first = rows.next()
    assert.deepEqual(!first.done && first.value.event.values, ['1', 'read'])
    lose(filling)
    assert.deepEqual(idsOf(rows), [], 'they are read again')
    assert.deepEqual(filling.table.place, null, 'from the first one')
    assert.equal(filling.stream.open, 0)
  })
}

test('where too many rows lack a large value, the table starts over, and what is left of a chunk is read again', () => {
  const filling = new Filling()
  const long = 'x'.repeat(3_000_000)
  const ids = [`${long}1`, `${long}2`, `${long}3`, '4', '5']
  const chunk = filling.begin(ids, () => {
    for (const id of ids.slice(0, 3)) filling.update([id, unchangedToast])
    filling.update(['4', 'new'])
  })
  assert.deepEqual(idsOf(filling.handOn(chunk)), [])
  assert.equal(filling.table.place, null)
})

test('a row that is to be read again is so until it was handed on, also when the listener stops in the middle', () => {
  const filling = new Filling()
  const { table } = filling
  filling.update(['1', unchangedToast], ['0', ''])
  filling.update(['2', unchangedToast], ['9', ''])
  assert.equal(table.holes.waiting.length, 2)
  const chunk = filling.begin(['1', '2'], (chunk) => {
    chunk.place = undefined
    chunk.again = table.holes.waiting.map(({ name }) => name)
  })
  const rows = filling.handOn(chunk)
  rows.next()
  assert.equal(table.holes.waiting.length, 2, 'the second one is not handed on')
  assert.deepEqual(idsOf(rows), ['2'])
  assert.equal(table.holes.waiting.length, 0)
})

test('a chunk is handed on in parts, without what is touched before its part, each part once', () => {
  const filling = new Filling()
  const chunk = filling.begin(['1', '2', '3', '4', '5'], () => filling.update(['4', 'new']))
  assert.deepEqual(idsOf(filling.handOn(chunk, 2)), ['1', '2'])
  assert.deepEqual(idsOf(filling.again()), [], 'that was handed on')
  assert.equal(filling.stream.open, 1)
  filling.update(['3', 'new'])
  filling.update(['1', 'new'])
  assert.deepEqual(idsOf(filling.handOn(chunk, 2)), [])
  assert.deepEqual(idsOf(filling.handOn(chunk, 2)), ['5'])
  assert.equal(filling.stream.open, 0)
  assert.equal(filling.table.windows.size, 0)
})

test('what is left of a chunk is read again where the table was altered, from behind the part before', () => {
  const filling = new Filling()
  const chunk = filling.begin(['1', '2', '3'], () => undefined)
  filling.table.place = ['3']
  assert.deepEqual(idsOf(filling.handOn(chunk, 2)), ['1', '2'])
  chunk.window.spoil('altered')
  assert.deepEqual(idsOf(filling.handOn(chunk)), [])
  assert.deepEqual(filling.table.place, ['2'])
})

test('a chunk of a table that is emptied between two parts has no more rows', () => {
  const filling = new Filling()
  const chunk = filling.begin(['1', '2', '3'], () => undefined)
  assert.deepEqual(idsOf(filling.handOn(chunk, 1)), ['1'])
  chunk.window.empty()
  assert.deepEqual(idsOf(filling.handOn(chunk)), [])
  assert.equal(filling.stream.open, 0)
  assert.deepEqual(filling.table.durable(lsn(1_000n), 'none')?.lastKey, ['3'])
})

test('a row that is read again, and whose key another row gets that lacks a large value, is read once more', () => {
  const filling = new Filling()
  const { table } = filling
  filling.update(['2', unchangedToast], ['9', ''])
  const chunk = filling.begin([], (chunk) => {
    chunk.place = undefined
    chunk.again = table.holes.waiting.map(({ name }) => name)
    filling.update(['2', 'whole'])
    filling.delete(['2', ''])
    filling.update(['2', unchangedToast], ['1', ''])
  })
  assert.deepEqual(idsOf(filling.handOn(chunk)), [])
  assert.deepEqual(
    table.holes.waiting.map(({ key }) => key),
    [['2']],
  )
})
