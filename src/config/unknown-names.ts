import { fieldList } from './fields.ts'
import { nearest } from './nearest.ts'

const known = new Set<string>(fieldList.map(({ name }) => name))

/** Our test runs name their servers to the tests with it. */
const ofTests = 'PGSTREAM_TEST_'

/** A sentence for each `PGSTREAM_*` name that is no setting. `where` is the environment or a file. */
export const unknownNames = (names: readonly string[], where: string): string[] =>
  names
    .filter((name) => name.startsWith('PGSTREAM_') && !name.startsWith(ofTests) && !known.has(name))
    .map((name) => `${name} (${where}) is no known setting${hint(name)}`)

/** The common beginning would make every name look like every other; the Go version wanted it twice. */
const bare = (name: string): string => name.replace(/^(?:PGSTREAM_)+/, '')

function hint(name: string): string {
  const close = nearest(bare(name), [...known].map(bare))
  return close === undefined ? '.' : `; did you mean PGSTREAM_${close}?`
}
