import { nearest } from '../config/nearest.ts'
import type { ConfigRead } from '../config/read-config.ts'
import { listTableNames } from '../postgres/table-names.ts'
import type { TableName } from '../postgres/table-names.ts'
import type { Logger } from '../telemetry/logger.ts'
import { parseTablePattern } from '../wal/table-pattern.ts'
import { findSourceUrl } from './source-url.ts'

/** What is odd about patterns of tables, given the tables that there are. */
export function doubtfulPatterns(patterns: readonly string[], tables: readonly TableName[]): string[] {
  return patterns.flatMap((text) => {
    const pattern = parseTablePattern(text)
    const matched = tables.filter(({ schema, table }) => pattern.matches(schema, table))
    if (matched.length === 0) return `no table is called ${text}${hint(text, tables)}`
    if (!matched.every(({ isPartitioned }) => isPartitioned)) return []
    return `${text} is partitioned, and rows come under the names of partitions: name those, or write ${text}*`
  })
}

function hint(text: string, tables: readonly TableName[]): string {
  const elsewhere = elsewhereOf(text, tables)
  const meant = elsewhere ?? nearest(text, tables.flatMap(spellings))
  return meant === undefined ? ' at present' : `; did you mean ${meant}?`
}

/** A table of that name in another schema than public, or with upper-case letters in it. */
function elsewhereOf(text: string, tables: readonly TableName[]): string | undefined {
  if (text.replace(/"(?:[^"]|"")*"/g, '').includes('.')) return undefined
  const anywhere = parseTablePattern(`*.${text}`)
  const found = tables.find(({ schema, table }) => anywhere.matches(schema, table.toLowerCase()))
  return found && spell(found)
}

/** As a pattern names it: with its schema, and without where that is public. */
function spellings(table: TableName): string[] {
  return table.schema === 'public' ? [spell(table), quotedIfNeeded(table.table)] : [spell(table)]
}

const spell = ({ schema, table }: TableName): string => `${quotedIfNeeded(schema)}.${quotedIfNeeded(table)}`

const quotedIfNeeded = (name: string): string =>
  /^[a-z0-9_$-]+$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`

/**
 * Looks at the tables of the source and warns of patterns that are probably mistaken. Never fails: that the source cannot
 * be asked is for the listener to say.
 */
export async function warnOfDoubtfulPatterns(
  read: ConfigRead,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const { includeTables = [], excludeTables = [] } = read.config.filter
  const patterns = [...includeTables, ...excludeTables]
  const source = findSourceUrl(read)
  if (patterns.length === 0 || source === undefined) return
  try {
    const tables = await listTableNames(source.url, signal)
    for (const doubt of doubtfulPatterns(patterns, tables)) logger.warn({}, `filter: ${doubt}`)
  } catch (error) {
    logger.debug({ error }, 'the patterns of the filter were not compared with the tables of the database')
  }
}
