/**
 * Names as a search store takes them. A character that it does not take, or that would mean something else, is written as
 * `@` and two hexadecimal digits for each of its bytes.
 */
const written = (character: string): string =>
  [...Buffer.from(character)].map((byte) => `@${byte.toString(16).padStart(2, '0')}`).join('')

/** Beside our own indices, which are no schema's. */
export const historyIndex = 'pgstream'
export const deadLetterIndex = 'pgstream-dead-letters'

const notInIndices = /[\\/*?"<>|,#:@%\s\p{Cc}]/u

/** The alias of a schema: its name, where that is possible. */
export function aliasOfSchema(schema: string): string {
  const name = [...schema]
    .map((character) =>
      character.toLowerCase() !== character || notInIndices.test(character) ? written(character) : character,
    )
    .join('')
    .replace(/^[-_+.]/, written)
    // else it could be the name of an index of another schema
    .replace(/-(?=\d+$)/, written)
  return name === historyIndex || name === deadLetterIndex ? written(name[0]!) + name.slice(1) : name
}

/** The index behind it; another generation begins anew. */
export const indexOfSchema = (schema: string, generation: number): string =>
  `${aliasOfSchema(schema)}-${generation}`

const notInFields = /[.*@\p{Cc}]/gu

const startOfField = /^[0-9a-v](?=[0-9a-v]{19}-)/

/** Fields are called by the ids of columns, which begin with that of a table: names and fields are beside each other. */
export const isLikeField = (table: string): boolean => startOfField.test(table)

/** As the names of its columns begin. */
export function nameOfTable(table: string): string {
  // the store has fields of its own that begin so, and we do
  return visible(table.replace(notInFields, written).replace(/^_/, written).replace(startOfField, written))
}

/** How people call a column: `table.column`. `part` tells apart several fields of one column. */
export function fieldOfColumn(table: string, column: string, part = ''): string {
  return `${nameOfTable(table)}.${visible(column.replace(notInFields, written))}${part === '' ? '' : `@${part}`}`
}

const visible = (name: string): string => (/^\s+$/.test(name) ? written(name) : name)
