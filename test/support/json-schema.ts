import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { repository } from './readme.ts'

/** Fails, with everything that is wrong, where the value is not what the schema of that name in `schemas/` says. */
export function schemaOf(name: 'check' | 'status'): (value: unknown) => void {
  const schema = JSON.parse(readFileSync(join(repository, `schemas/${name}.json`), 'utf8')) as object
  const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(schema)
  return (value) => {
    assert.ok(validate(value), JSON.stringify({ value, errors: validate.errors }, null, 2))
  }
}
