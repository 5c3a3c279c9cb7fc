import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WrittenDocument } from '../../../src/search/written-document.ts'
import { oneByOne, Runs, WrittenRun } from '../../../src/search/written-run.ts'
import { shapeOf, written } from '../../support/written-documents.ts'

const plain = ({ id, lsn, bytes, index, schema, table, hole, kind }: WrittenDocument): unknown => ({
  ...{ id, lsn, index, schema, table, hole, kind },
  lines: bytes.toString(),
})

test('a run has the documents that it took, one by one, whatever their ids and versions', () => {
  const ids = ['1-1', '1-"', '1-\\', '1-\\"', '1-\\\\"x', '1-\u2028é😀\n', '1-', `1-${'x'.repeat(300)}`]
  const [first, ...others] = written(ids, { from: 7, lsnOf: (i) => 0x16b3748n + BigInt(i % 3) })
  const run = new WrittenRun(first!)
  for (const document of others) assert.ok(run.add(document))
  assert.equal(run.count, ids.length)
  assert.equal(run.lsn, 0x16b374an)
  assert.equal(run.bytes.length, run.size)
  assert.deepEqual(
    oneByOne([run]).map((document) => plain(document as WrittenDocument)),
    [first!, ...others].map(plain),
  )
  assert.deepEqual(
    oneByOne([first!, run]).map(({ id }) => id),
    ['1-1', ...ids],
  )
})

test('a run takes nothing that stands elsewhere, or is of another table', () => {
  const [first, second, third] = written(['1-1', '1-2', '1-3'])
  const { shape, lsn, slab, start, end } = second!
  const run = new WrittenRun(first!)
  assert.ok(!run.add(third!))
  assert.ok(!run.add(new WrittenDocument(shapeOf('others'), lsn, slab, start, end)))
  assert.ok(!run.add(new WrittenDocument(shape, lsn, Buffer.from(slab), start, end)))
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
