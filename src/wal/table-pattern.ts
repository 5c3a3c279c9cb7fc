/** Names tables, as in `shop.orders_*`. */
export interface TablePattern {
  /** As it was written. */
  readonly text: string
  readonly matches: (schema: string, table: string) => boolean
  readonly matchesSchema: (schema: string) => boolean
  /** Matches every table of the schemas that it matches. */
  readonly isOfWholeSchemas: boolean
}

/** The schema of a pattern that names none. */
const defaultSchema = 'public'

const quoted = '"(?:[^"]|"")*"'

/** The items of a list that is separated by commas or blanks; both may stand within double quotes. */
export const splitPatterns = (list: string): readonly string[] =>
  list.match(new RegExp(`(?:${quoted}|[^\\s,])+`, 'g')) ?? []

/**
 * Reads `schema.table`, or `table` for one of schema `public`. `*` stands for any part of a name. Names are those that
 * Postgres shows; one with upper-case letters, dots, or anything else that SQL wants quoted, goes in double quotes, where
 * `*` is a letter like any other and `""` a quote.
 * @throws {RangeError} with the reason, which goes on after `public.Users: `.
 */
export function parseTablePattern(text: string): TablePattern {
  const names = splitNames(text).map((tokens) => readName(tokens))
  if (names.length > 2) {
    throw new RangeError('it has more than two parts; a name with a dot in it goes in double quotes')
  }
  const table = names.pop()!
  const schema = names.pop()
  const ofSchema = schema ?? { matches: (name: string) => name === defaultSchema }
  return {
    text,
    matches: (schemaName, tableName) => ofSchema.matches(schemaName) && table.matches(tableName),
    matchesSchema: (schemaName) => ofSchema.matches(schemaName),
    isOfWholeSchemas: table.isAny,
  }
}

/** The tokens of each name: quoted names, stars, what is between them, and a quote that is never closed. */
function splitNames(text: string): string[][] {
  const names: string[][] = [[]]
  for (const [token] of text.matchAll(new RegExp(`${quoted}|[*."]|[^*."]+`, 'g'))) {
    if (token === '.') names.push([])
    else names.at(-1)!.push(token)
  }
  return names
}

interface NamePattern {
  readonly isAny: boolean
  readonly matches: (name: string) => boolean
}

function readName(tokens: readonly string[]): NamePattern {
  if (tokens.includes('"')) throw new RangeError('a double quote is not closed')
  const hasQuotes = tokens.some((token) => token.startsWith('"'))
  if (tokens.length === 0) throw new RangeError('a name is missing; write schema.table or schema.*')
  /** What stands before, between and behind the stars. */
  const literals = ['']
  for (const token of tokens) {
    if (token === '*') literals.push('')
    else literals[literals.length - 1] += token.startsWith('"') ? unquoted(token) : readBare(token, hasQuotes)
  }
  return { isAny: tokens.every((token) => token === '*'), matches: (name) => matchesLiterals(name, literals) }
}

function unquoted(token: string): string {
  if (token === '""') throw new RangeError('there is nothing between the double quotes')
  return token.slice(1, -1).replaceAll('""', '"')
}

/** No regular expression: one with several stars can take minutes for one name. */
function matchesLiterals(name: string, literals: readonly string[]): boolean {
  const [first = '', ...between] = literals
  const last = between.pop()
  if (last === undefined) return name === first
  if (!name.startsWith(first)) return false
  let at = first.length
  for (const literal of between) {
    const found = name.indexOf(literal, at)
    if (found < 0) return false
    at = found + literal.length
  }
  return name.length - last.length >= at && name.endsWith(last)
}

function readBare(text: string, hasQuotes: boolean): string {
  if (hasQuotes) throw new RangeError('double quotes go around the whole name')
  if (/[A-Z]/.test(text)) {
    throw new RangeError(
      `a name with upper-case letters goes in double quotes: "${text}" (in a file or a shell, with single quotes around it all)`,
    )
  }
  const [other] = /[^a-z0-9_$\-\u0080-\uffff]/.exec(text) ?? []
  if (other === undefined) return text
  throw new RangeError(
    `${other} stands for nothing here: * is any part of a name, a name that has a ${other} goes in double quotes`,
  )
}
