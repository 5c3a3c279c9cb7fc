import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { commandTables } from '../../src/cli/command-tables.ts'
import { configTables, errorTables } from '../../src/config/config-tables.ts'
import { fieldList } from '../../src/config/fields.ts'
import { errorTable } from '../../src/errors.ts'
import { readmeUrl, withFreshParts } from './readme-parts.ts'

const skip = existsSync(readmeUrl) ? false : 'there is no README.md yet'

test(
  'README.md says about settings, commands and errors what the code says (npm run docs)',
  { skip },
  async () => {
    const readme = readFileSync(readmeUrl, 'utf8')
    assert.equal(readme, await withFreshParts(readme))
  },
)

test('a stale part is rewritten between its marks and nothing else is touched', async () => {
  const stale = ['types', 'search', 'config', 'commands', 'errors'].map(
    (name) => `<!-- ${name} -->\n\nold\n\n<!-- /${name} -->`,
  )
  const fresh = await withFreshParts(`# Title\n\n${stale.join('\n\nwritten by hand\n\n')}\n\nThe end.\n`)
  assert.match(fresh, /^# Title\n\n<!-- types -->\n\n\| Postgres type/)
  assert.match(fresh, /<!-- config -->\n\n\*\*Postgres listener\*\*/)
  assert.equal(fresh.split('written by hand').length, 5)
  assert.match(fresh, /<!-- \/errors -->\n\nThe end\.\n$/)
  assert.doesNotMatch(fresh, /\nold\n/)
  assert.equal(await withFreshParts(fresh), fresh)
})

test('a README without the marks is refused', async () => {
  await assert.rejects(withFreshParts('# Title\n'), /no place for types/)
})

test('every setting, every command and every error has its place', () => {
  for (const { name } of fieldList) assert.ok(configTables().includes(`\`${name}\``), name)
  for (const name of ['init', 'run', 'tear-down'])
    assert.ok(commandTables().includes(`pgstream ${name}`), name)
  for (const name of Object.keys(errorTable)) assert.ok(errorTables().includes(`\`${name}\``), name)
})
