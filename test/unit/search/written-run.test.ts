import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RowShape } from '../../../src/search/row-shape.ts'
import { indexLines } from '../../../src/search/search-operation.ts'
import { WrittenDocument } from '../../../src/search/written-document.ts'
import { oneByOne, Runs, WrittenRun } from '../../../src/search/written-run.ts'
import { lsn } from '../../../src/wal/lsn.ts'

const [index, version] = ['p-public', lsn(0x16b3748n)]
const action = Buffer.from('{"index":{"_index":"p-public","_id":')
const shapeOf = (name: string): RowShape =>
  ({ index, table: { schema: 'public', name }, bytes: { action } }) as RowShape
const shape = shapeOf('users')

/** Documents whose lines stand one behind the other. */
function written(ids: readonly string[], from = 0): WrittenDocument[] {
  const lines = ids.map((id) =>
    indexLines(index, id, { value: version, type: 'external' }, `{"id":${JSON.stringify(id)},"é":"a\\nb"}`),
  )
  const slab = Buffer.concat([Buffer.alloc(from), ...lines])
  let at = from
  return ids.map((id, i) => new WrittenDocument(shape, id, version, slab, at, (at += lines[i]!.length)))
}

test('a run has the documents that it took, one by one, whatever their ids', () => {
  const ids = ['1-1', '1-"', '1-\\', '1-\\"', '1-\\\\"x', '1-\u2028é😀\n', '1-', `1-${'x'.repeat(300)}`]
  const [first, ...others] = written(ids, 7)
  const run = new WrittenRun(first!)
  for (const document of others) assert.ok(run.add(document))
  assert.equal(run.count, ids.length)
  assert.equal(run.lsn, version)
  assert.equal(run.bytes.length, run.size)
  const plain = ({ id, lsn: at, bytes, index: of, schema, table, hole, kind }: WrittenDocument): unknown => ({
    ...{ id, at, of, schema, table, hole, kind },
    lines: bytes.toString(),
  })
  assert.deepEqual(run.documents().map(plain), [first!, ...others].map(plain))
  assert.deepEqual(
    oneByOne([first!, run]).map(({ id }) => id),
    ['1-1', ...ids],
  )
})

test('a run takes nothing that stands elsewhere, or is of another table or version', () => {
  const [first, second, third] = written(['1-1', '1-2', '1-3'])
  const { slab, start, end } = second!
  const run = new WrittenRun(first!)
  assert.ok(!run.add(third!))
  assert.ok(!run.add(new WrittenDocument(shapeOf('others'), '1-2', version, slab, start, end)))
  assert.ok(!run.add(new WrittenDocument(shape, '1-2', lsn(1n), slab, start, end)))
  assert.ok(!run.add(new WrittenDocument(shape, '1-2', version, Buffer.from(slab), start, end)))
  assert.equal(run.count, 1)
  assert.ok(run.add(second!))
  assert.ok(run.add(third!))
})

test('only the run that was queued last grows, while it may', () => {
  const [first, second, third] = written(['1-1', '1-2', '1-3'])
  const runs = new Runs()
  const run = runs.put(first!, false)!
  assert.equal(runs.put(second!, true), null)
  assert.equal(run.count, 2)
  const next = runs.put(third!, false)!
  assert.equal(next.count, 1)
  runs.end()
  assert.equal(runs.put(written(['1-4'])[0]!, true)!.count, 1)
})
