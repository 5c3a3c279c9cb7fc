import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { repository } from './readme.ts'

/** Fails, with everything that is wrong, where the value is not what the schema of that name in `src/schemas/`, or a part of it, says. */
export function schemaOf(name: 'check' | 'status', part = ''): (value: unknown) => void {
  const schema = JSON.parse(readFileSync(join(repository, `src/schemas/${name}.json`), 'utf8')) as object
  const ajv = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true, schemas: { own: schema } })
  const validate = ajv.getSchema(`own#${part}`)!
  return (value) => {
    assert.ok(validate(value), JSON.stringify({ value, errors: validate.errors }, null, 2))
  }
}
