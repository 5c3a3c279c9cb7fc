/** Changes of type without USING that leave a key what it is, and every value printed as it was. */
export const widenings: Readonly<Record<string, string>> = {
  integer: 'bigint',
  'character varying(10)': 'character varying',
  'character varying': 'text',
}

/** The same, over one or more steps. */
export function isWidening(from: string, to: string): boolean {
  const next = widenings[from]
  return next !== undefined && (next === to || isWidening(next, to))
}
