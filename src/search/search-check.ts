import { doubtful, failing, fine } from '../pipeline/check.ts'
import type { Check, CheckResult } from '../pipeline/check.ts'
import { History } from './history.ts'
import { KeptLetters } from './kept-letters.ts'
import { deadLetterIndex, historyIndex } from './names.ts'
import { openSearchClient } from './opensearch-client.ts'
import type { SearchClient } from './search-client.ts'
import { searchConnection } from './search-connection.ts'
import type { SearchConnectionOptions } from './search-connection.ts'
import { examineSource } from './source-place.ts'
import type { SourcePlace } from './source-place.ts'
import { askAbilities } from './store-abilities.ts'
import { asSearchError, StoreError } from './store-error.ts'

export interface SearchCheckOptions extends SearchConnectionOptions {
  readonly indexPrefix: string
  readonly indexGeneration: number
  /** Which server the changes come from, where that can be known. */
  readonly source: (() => Promise<SourcePlace>) | undefined
}

const about = (thing: string): string => `Search: ${thing}`
const timeoutMs = 10_000

/** Looks at the store, the login, what it keeps already and its dead letters. */
export const searchCheck =
  (options: SearchCheckOptions): Check =>
  async () => {
    const client = openSearchClient(searchConnection(options))
    try {
      const { about: store } = await askAbilities(client)
      return [
        fine(about('store'), `It answers: ${store}.`),
        ...(await lookAtHealth(client)),
        ...(await lookAtHistory(client, options)),
        await lookAtDeadLetters(options),
      ]
    } catch (error) {
      return [failing(about('store'), asSearchError(error, 'Looking at the search store'))]
    } finally {
      await client.close()
    }
  }

async function lookAtHealth(client: SearchClient): Promise<CheckResult[]> {
  try {
    const path = '/_cluster/health'
    const { status } = await client.send<{ status: string }>({ method: 'GET', path, timeoutMs })
    if (status !== 'red') return [fine(about('health'), `The cluster is ${status}.`)]
    const says = 'The cluster is red: some shards are not there, and writing to them waits.'
    return [doubtful(about('health'), says, 'See GET _cluster/allocation/explain of the store.')]
  } catch (error) {
    if (error instanceof StoreError && error.status === 403) return [] // whoever may write need not be allowed to ask
    throw error
  }
}

async function lookAtHistory(client: SearchClient, options: SearchCheckOptions): Promise<CheckResult[]> {
  const { indexPrefix: prefix, indexGeneration: generation, source } = options
  const index = prefix + historyIndex
  const stored = await new History(client, prefix, generation).source()
  if (stored === null)
    return [fine(about(`index ${index}`), 'Nothing is indexed yet: the first run makes it.')]
  const indexed = fine(about(`index ${index}`), `Generation ${generation} is filled.`)
  const place = await source?.().catch(() => null) // the source is told of by itself
  if (!place) return [indexed]
  try {
    await examineSource(stored, place)
    return [indexed, fine(about('source'), 'It is the one from which the indices were filled.')]
  } catch (error) {
    return [indexed, failing(about('source'), error)]
  }
}

async function lookAtDeadLetters(options: SearchCheckOptions): Promise<CheckResult> {
  const letters = new KeptLetters(options, options.indexPrefix, options.indexGeneration)
  const index = options.indexPrefix + deadLetterIndex
  try {
    const count = await letters.count()
    if (count === 0) return fine(about('dead letters'), 'There are none.')
    return doubtful(
      about('dead letters'),
      `The index ${index} keeps ${count} of them: they are missing in the indices.`,
      'See why with pgstream dead-letters list, mend it, then pgstream dead-letters retry.',
    )
  } finally {
    await letters.close()
  }
}
