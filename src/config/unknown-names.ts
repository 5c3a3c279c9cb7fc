import { fieldList, notYetAvailable } from './fields.ts'
import { nearest } from './nearest.ts'

export interface UnknownNames {
  /** Of modules that this version does not have: a sentence for each module. */
  readonly unavailable: readonly string[]
  /** Of nothing: misspelt, or somebody else's. */
  readonly unknown: readonly string[]
}

const known = new Set<string>(fieldList.map(({ name }) => name))

/** Our test runs name their servers to the tests with it. */
const ofTests = 'PGSTREAM_TEST_'

/** What there is to say about `PGSTREAM_*` names that are no settings. `where` is the environment or a file. */
export function findUnknownNames(names: readonly string[], where: string): UnknownNames {
  const strangers = names.filter(
    (name) => name.startsWith('PGSTREAM_') && !name.startsWith(ofTests) && !known.has(name),
  )
  const moduleOf = (name: string): string | undefined =>
    notYetAvailable.find(({ prefix }) => name.startsWith(prefix))?.what
  const unavailable = notYetAvailable.flatMap(({ what }) => {
    const ofIt = strangers.filter((name) => moduleOf(name) === what)
    return ofIt.length === 0
      ? []
      : `${what} is not available yet in this version: ${ofIt.join(', ')} (${where}).`
  })
  const unknown = strangers
    .filter((name) => moduleOf(name) === undefined)
    .map((name) => `${name} (${where}) is no known setting${hint(name)}`)
  return { unavailable, unknown }
}

/** The common beginning would make every name look like every other; the Go version wanted it twice. */
const bare = (name: string): string => name.replace(/^(?:PGSTREAM_)+/, '')

function hint(name: string): string {
  const close = nearest(bare(name), [...known].map(bare))
  return close === undefined ? '.' : `; did you mean PGSTREAM_${close}?`
}
