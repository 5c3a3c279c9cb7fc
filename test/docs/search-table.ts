import { markdownTable } from '../../src/config/config-tables.ts'
import { kindOfType } from '../../src/search/field-kind.ts'
import type { FieldKind } from '../../src/search/field-kind.ts'
import { kindMappings } from '../../src/search/index-mapping.ts'

const beside: Readonly<Record<string, string>> = {
  exact:
    '`@exact`: the text that Postgres prints (of floats, dates and times only what the field cannot hold)',
  object: '`@object`: objects of up to 8,000 characters as `flat_object` (Elasticsearch 8: `flattened`)',
  text: '`@text`: full text',
}

/** How a search store keeps each type, in Markdown: a part of README.md. */
export function searchTable(): string {
  const rows = Object.entries(kindMappings).map(([kind, { main, beside: others = {} }]) => [
    typesOf(kind as FieldKind),
    `\`${String(main['type'])}\``,
    [...Object.keys(main['fields'] ?? {}), ...Object.keys(others)].map((part) => beside[part]!).join('; '),
  ])
  return markdownTable(['Postgres type', '`table.column` is', 'and beside it, `table.column…`'], rows)
}

function typesOf(kind: FieldKind): string {
  if (kind === 'keyword') return 'everything else: enums, `uuid`, `bytea`, `interval`, …'
  const types = Object.entries(kindOfType).flatMap(([type, its]) => (its === kind ? [`\`${type}\``] : []))
  return types.join(', ')
}
