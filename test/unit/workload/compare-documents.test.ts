import assert from 'node:assert/strict'
import { test } from 'node:test'
import { tableSchema } from '../../support/log-entries.ts'
import { compareDocuments } from '../../support/search-oracle/compare-documents.ts'
import type { DocumentMembers } from '../../support/search-oracle/document-text.ts'
import { unknown } from '../../support/workload/oracle/cell.ts'
import type { Cell } from '../../support/workload/oracle/cell.ts'
import { StoredRows } from '../../support/workload/oracle/stored-rows.ts'

const columns = { numbers: 'integer[]!', bytes: 'bytea!', body: 'text' }
const names = Object.keys(columns)
const known = { ...tableSchema(1, 'odd', columns), schema: 'public' }
const ids = known.columns.map(({ pgstream_id: id }) => id)

const rows = [
  ['{1,NULL}', '\\x00ff', 'one'],
  ['{2}', '\\x', 'two'],
]
const listed = [
  ['["1",null]', '\\x00ff', 'one'],
  ['["2"]', '\\x', 'two'],
]

const documentOf = (numbers: string, bytes: string, body: string): DocumentMembers =>
  new Map([numbers, bytes, body].map((json, i) => [ids[i]!, json]))
const firstDocument = documentOf('[1,null]', '"00ff"', '"one"')
const secondDocument = documentOf('[2]', '""', '"two"')

/** Of a table with both rows. */
function problems(told: readonly (readonly Cell[])[], documents: readonly DocumentMembers[]): string[] {
  const stored = new StoredRows()
  for (const row of told) stored.add(new Map(row.map((cell, i) => [ids[i]!, cell])))
  const source = {
    oid: '1',
    schema: 'public',
    name: 'odd',
    replicaIdentity: 'default',
    partitioned: false,
    columns: names.map((name, i) => ({
      attnum: i + 1,
      name,
      type: known.columns[i]!.type,
      nullable: true,
      default: null,
      generated: '',
      comment: null,
    })),
    primaryKey: ['numbers', 'bytes'],
    primaryKeyDeferrable: false,
    identityIndex: null,
    uniqueIndexes: [],
    rows,
    listed,
  }
  return compareDocuments({ source, known, told: stored, documents, limits: { generated: 'none' } })
}

/** As the stream tells them. */
const cells = (numbers: Cell, bytes: string, body: Cell): Cell[] => [numbers, Buffer.from(bytes, 'hex'), body]
const both = [cells('{1,NULL}', '00ff', 'one'), cells('{2}', '', 'two')]

test('rows with arrays and bytes in their keys are compared with their documents', () => {
  assert.deepEqual(problems(both, [secondDocument, firstDocument]), [])
  const [wrong, ...more] = problems(both, [firstDocument, documentOf('[2]', '""', '"too"')])
  assert.match(wrong!, /odd\.body .* is "too" in its document, and "two" in the table/)
  assert.deepEqual(more, [])
})

test('a row without a document is a problem, whether the stream told of it or not', () => {
  for (const told of [both, both.slice(0, 1), []]) {
    const [missing, ...more] = problems(told, [firstDocument])
    assert.match(missing!, /no document for the row with the key "\[\\"2\\"\]/)
    assert.deepEqual(more, [])
  }
})

test('a row that the stream did not tell of excuses no value and no document more', () => {
  const stranger = documentOf('[3]', '"03"', '"three"')
  assert.match(
    problems([], [firstDocument, documentOf('[2]', '""', '"too"')]).join(),
    /"too" in its document/,
  )
  assert.match(problems([], [firstDocument, secondDocument, stranger]).join(), /1 documents more than rows/)
  assert.equal(problems([], [firstDocument, stranger]).length, 2)
})

test('a value that was rewritten without WAL is excused, and no other of its row', () => {
  const told = [both[0]!, cells('{2}', '', unknown)]
  assert.deepEqual(problems(told, [firstDocument, documentOf('[2]', '""', '"too"')]), [])
  assert.equal(problems(told, [documentOf('[1,null]', '"00ff"', '"won"'), secondDocument]).length, 1)
  assert.equal(problems(told, [firstDocument]).length, 1)
})

test('a key that was rewritten without WAL excuses one document', () => {
  const told = [both[0]!, cells(unknown, '', 'two')]
  const before = documentOf('[9]', '""', '"two"')
  assert.deepEqual(problems(told, [firstDocument, before]), [])
  assert.equal(problems(told, [firstDocument]).length, 1)
  assert.equal(problems(told, [firstDocument, before, documentOf('[8]', '""', '"two"')]).length, 1)
  assert.match(
    problems(told, [before]).join(),
    /^public\.odd has no document for the row with the key "\[\\"1/,
  )
})
