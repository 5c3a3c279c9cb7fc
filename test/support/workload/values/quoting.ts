export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`

export const literal = (text: string | null): string =>
  text === null ? 'null' : `'${text.replaceAll("'", "''")}'`

const escaped = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** The input form of a one-dimensional array. */
export const arrayText = (items: readonly (string | null)[]): string =>
  `{${items.map((item) => (item === null ? 'NULL' : escaped(item))).join(',')}}`

/** The input form of a composite value. */
export const recordText = (fields: readonly (string | null)[]): string =>
  `(${fields.map((field) => (field === null ? '' : escaped(field))).join(',')})`

/** A field in the text format of COPY. */
export const copyText = (text: string | null): string =>
  text === null
    ? '\\N'
    : text.replace(
        /[\\\n\r\t]/g,
        (character) => `\\${{ '\n': 'n', '\r': 'r', '\t': 't' }[character] ?? '\\'}`,
      )
