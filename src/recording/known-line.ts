/** What Postgres said of itself when the recording began; only the decoder understands it. */
export interface Known {
  readonly known: unknown
}

const beginning = '{"known":'

export const knownLine = (fact: unknown): string => `${beginning}${JSON.stringify(fact)}}\n`

/**
 * Reads a line, without its newline, back; null when it is something else.
 * @throws {SyntaxError} when it is damaged.
 */
export function readKnownLine(line: Buffer): Known | null {
  if (line.toString('latin1', 0, beginning.length) !== beginning) return null
  try {
    return JSON.parse(line.toString()) as Known
  } catch {
    throw new SyntaxError('what is known of the source is damaged')
  }
}
