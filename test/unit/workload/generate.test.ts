import assert from 'node:assert/strict'
import { test } from 'node:test'
import { generate } from '../../support/workload/generate.ts'
import { valueTypes } from '../../support/workload/values/value-types.ts'

const seeds = Array.from({ length: 200 }, (_, i) => i + 1)

test('the same seed gives the same steps, another one others', () => {
  assert.deepEqual(generate(7), generate(7))
  assert.notDeepEqual(generate(7), generate(8))
  assert.notDeepEqual(generate(7), generate(7, { sessions: 4 }))
})

test('200 seeds have columns of every type', () => {
  const definitions = seeds
    .flatMap((seed) => generate(seed))
    .map(({ sql }) => sql)
    .filter((sql) => /^(create table|alter table)/.test(sql))
    .join('\n')
  assert.deepEqual(
    valueTypes.map(({ sql }) => sql).filter((type) => !definitions.includes(` ${type}`)),
    [],
  )
})

test('200 seeds have every kind of statement, of one session and of four', () => {
  const steps = seeds.flatMap((seed) => generate(seed, { major: 18 }))
  const kinds = [
    /^insert into .* values \(.*\), \(/s,
    /^copy /,
    /on conflict .* do update/s,
    /on conflict .* do nothing/s,
    /, gone as \(delete from .* insert into /s,
    /raise exception 'undo'/,
    /update .* from picked/s,
    /^update /,
    /set part = /,
    /one := |one ".*" := |declare one /,
    /^delete from /,
    /^truncate .*, /,
    /for no key update/,
    /^create table .* as select/s,
    /^select \* into /,
    /partition by list/,
    /partition of/,
    /attach partition/,
    /detach partition/,
    /inherits/,
    /references .* on update cascade/,
    /deferrable initially deferred/,
    /generated always as identity/,
    /stored$|stored,/,
    /virtual$/,
    /add column/,
    /drop column/,
    /rename column/,
    /alter column .* type .* using/s,
    /set default/,
    /comment on column/,
    /set storage/,
    / rename to /,
    / set schema /,
    /add constraint .* primary key/,
    /drop constraint/,
    /^create unique index .* where/,
    /^drop index/,
    /replica identity using index/,
    /replica identity nothing/,
    /^vacuum full/,
    /^drop table .*, .* cascade/,
    /^create schema/,
    /^alter schema .* rename to/,
    /^drop schema/,
    /^drop type .* cascade/,
    /^create temporary table/,
    /^create unlogged table/,
    /pg_logical_emit_message\(false/,
    /isolation level repeatable read/,
    /^savepoint/,
    /^rollback to/,
    /^release/,
    /^commit$/,
    /^rollback$/,
  ]
  const missing = kinds.filter((kind) => !steps.some(({ sql }) => kind.test(sql)))
  assert.deepEqual(missing, [])
  assert.deepEqual(new Set(steps.map(({ session }) => session)), new Set([0, 1, 2, 3]))
})
