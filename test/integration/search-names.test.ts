import assert from 'node:assert/strict'
import { test } from 'node:test'
import { heardLogger } from '../support/heard-logger.ts'
import { openSearchStream } from '../support/search-stream.ts'

test('a table that is called as a field of the index is, made or renamed, stops nothing and is found', async () => {
  const { logger, lines } = heardLogger()
  await using stream = await openSearchStream({ logger })
  await stream.query('create table first (id int primary key, j jsonb)')
  await stream.query(`insert into first values (1, '{"a":1}')`)
  await stream.settled()
  const [first] = await stream.find({ term: { 'first.id': 1 } })
  const fields = Object.keys(first!.source).filter((name) => !name.startsWith('_'))
  assert.ok(fields.some((name) => name.endsWith('-object')))
  const names = [...fields, `${String(first!.source['_table'])}-7`]
  for (const [i, name] of names.entries()) {
    await stream.query(`create table "${name}" (id int primary key); insert into "${name}" values (${i})`)
  }
  await stream.query(`create table other (id int primary key); insert into other values (100)`)
  const renamed = `${fields[0]!}-text`
  await stream.query(`alter table other rename to "${renamed}"`)
  await stream.settled()
  const foundAs = (name: string): string => `@${Buffer.from(name[0]!).toString('hex')}${name.slice(1)}.id`
  for (const [i, name] of names.entries())
    assert.equal((await stream.find({ term: { [foundAs(name)]: i } })).length, 1, name)
  assert.equal((await stream.find({ term: { [foundAs(renamed)]: 100 } })).length, 1)
  assert.equal((await stream.find({ term: { 'first.id': 1 } })).length, 1)
  const told = lines.filter(({ message }) => message.includes('called as fields of the index are'))
  assert.deepEqual(told.map(({ fields }) => fields['table']).sort(), [...names, renamed].sort())
  assert.equal(stream.indexer.counts.deadLetters, 0)
})
