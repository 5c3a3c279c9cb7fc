import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DocumentBatch } from '../../../src/search/document-batch.ts'
import { deleteLine } from '../../../src/search/search-operation.ts'
import type { DocumentOperation, Version } from '../../../src/search/search-operation.ts'
import type { WrittenDocument } from '../../../src/search/written-document.ts'
import { WrittenRun } from '../../../src/search/written-run.ts'
import { randomFrom } from '../../support/workload/random.ts'
import { shapeOf, written } from '../../support/written-documents.ts'

type Operations = (DocumentOperation | WrittenRun)[]

function runOf([first, ...others]: readonly WrittenDocument[]): WrittenRun {
  const run = new WrittenRun(first!)
  for (const document of others) assert.ok(run.add(document))
  return run
}

function deletion(id: string, version: Version | null, index = 'p-public'): DocumentOperation {
  const bytes = deleteLine(index, id, version)
  return { kind: 'delete', index, id, version, bytes, hole: null } as unknown as DocumentOperation
}

const allOf = (batch: DocumentBatch): readonly DocumentOperation[] =>
  batch.portions(1).flatMap((portion) => portion.documents())

const external = (value: bigint): Version => ({ value, type: 'external' })
const own = (value: bigint): Version => ({ value, type: 'external_gte' })

test('the last state of an id is left, within runs, between them, and of single documents', () => {
  const first = runOf(written(['1-1', '1-2', '1-"', '1-2'], { lsnOf: (i) => 10n + BigInt(i) }))
  const second = runOf(written(['1-"', '1-4'], { lsnOf: (i) => 20n + BigInt(i) }))
  const batch = new DocumentBatch([first, second, deletion('1-1', external(30n))])
  assert.equal(batch.count, 4)
  assert.deepEqual(
    allOf(batch).map(({ kind, id, version }) => [kind, id, version!.value]),
    [
      ['index', '1-2', 13n],
      ['index', '1-"', 20n],
      ['index', '1-4', 21n],
      ['delete', '1-1', 30n],
    ],
  )
})

test('ids are those of an index', () => {
  const other = shapeOf('users', 'p-other')
  const operations = [runOf(written(['1-1'])), runOf(written(['1-1'], { shape: other }))]
  assert.equal(new DocumentBatch(operations).count, 2)
  assert.equal(new DocumentBatch([deletion('1-1', null), deletion('1-1', null, 'é')]).count, 2)
})

test('ids whose hashes are equal stay apart', () => {
  // of so many, ten pairs have one hash of 32 bits
  const ids = Array.from({ length: 300_000 }, (_, i) => `1-${i}`)
  assert.equal(new DocumentBatch([runOf(written(ids))]).count, ids.length)
})

test("by the user's versions an older state that comes later is left out", () => {
  const left = (operations: Operations): (bigint | undefined)[] =>
    allOf(new DocumentBatch(operations)).map(({ version }) => version?.value)
  assert.deepEqual(left([deletion('1-1', own(5n)), deletion('1-1', own(4n))]), [5n])
  assert.deepEqual(left([deletion('1-1', own(5n)), deletion('1-1', own(5n))]), [5n])
  assert.deepEqual(left([deletion('1-1', null), deletion('1-1', own(4n))]), [4n])
  assert.deepEqual(left([runOf(written(['1-1'], { lsnOf: () => 9n })), deletion('1-1', own(4n))]), [9n])
  const [first, second] = [deletion('1-1', own(5n)), deletion('1-1', own(4n))]
  assert.deepEqual(left([first, second, deletion('1-1', own(6n))]), [6n])
})

test('portions have all documents once, in order, about as many in each, and their lines', () => {
  const random = randomFrom(7)
  for (let round = 0; round < 200; round++) {
    const operations: Operations = []
    const expected = new Map<string, string>()
    for (let i = random.between(1, 12); i > 0; i--) {
      const ids = Array.from({ length: random.between(1, 9) }, () => `1-${random.between(1, 30)}`)
      if (random.between(0, 3) === 0) operations.push(deletion(ids[0]!, external(BigInt(i))))
      else operations.push(runOf(written(ids, { lsnOf: (nth) => BigInt(100 * i + nth) })))
      const added = operations.at(-1)!
      const documents = added instanceof WrittenRun ? ids.map((_, nth) => added.document(nth)) : [added]
      for (const { id, bytes } of documents) {
        expected.delete(id)
        expected.set(id, bytes.toString())
      }
    }
    const batch = new DocumentBatch(operations)
    assert.equal(batch.count, expected.size)
    const portions = batch.portions(random.between(1, 3))
    const lines = portions.map((portion) => {
      const memory = Buffer.alloc(portion.size)
      assert.equal(portion.copyTo(memory), portion.size)
      assert.equal(portion.documents().length, portion.count)
      assert.equal(Buffer.concat(portion.documents().map(({ bytes }) => bytes)).compare(memory), 0)
      return memory.toString()
    })
    assert.equal(lines.join(''), [...expected.values()].join(''))
    const counts = portions.map(({ count }) => count)
    assert.ok(counts.slice(0, -1).every((count) => count === Math.max(...counts)))
  }
})

test('a portion finds the documents of another batch that have one of its ids, in whichever index', () => {
  const random = randomFrom(11)
  const batchOf = (ids: readonly string[], index: string): DocumentBatch =>
    new DocumentBatch([runOf(written(ids, { shape: shapeOf('users', index) }))])
  for (let round = 0; round < 200; round++) {
    const idsOf = (): string[] => [
      ...new Set(Array.from({ length: random.between(1, 40) }, () => `1-${random.between(1, 60)}`)),
    ]
    const [ours, theirs] = [idsOf(), idsOf()]
    const other = batchOf(theirs, random.between(0, 1) === 0 ? 'p-public' : 'p-other')
    const found: string[] = []
    for (const portion of batchOf(ours, 'p-public').portions(2)) {
      portion.eachOfSameId(other, (number) => found.push(theirs[number]!))
    }
    assert.deepEqual(
      found,
      ours.filter((id) => theirs.includes(id)),
    )
  }
})
