import { format } from 'prettier'
import { commandTables } from '../../src/cli/command-tables.ts'
import { configTables, errorTables } from '../../src/config/config-tables.ts'
import { searchTable } from './search-table.ts'
import { typeTables } from './type-tables.ts'

export const readmeUrl: URL = new URL('../../README.md', import.meta.url)

/** The parts of README.md that are made from the code: what stands between `<!-- name -->` and `<!-- /name -->`. */
const parts = {
  types: typeTables,
  search: searchTable,
  config: configTables,
  commands: commandTables,
  errors: errorTables,
} as const

/** The README with every part as the code says it. A part whose marks are missing is an error. */
export async function withFreshParts(readme: string): Promise<string> {
  let fresh = readme
  for (const [name, make] of Object.entries(parts)) {
    const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
    const from = fresh.indexOf(begin)
    const to = fresh.indexOf(end)
    if (from < 0 || to < from) throw new Error(`README.md has no place for ${name}: ${begin} … ${end}`)
    const text = await format(make(), { parser: 'markdown', semi: false, singleQuote: true, printWidth: 110 })
    fresh = `${fresh.slice(0, from)}${begin}\n\n${text}\n${fresh.slice(to)}`
  }
  return fresh
}
