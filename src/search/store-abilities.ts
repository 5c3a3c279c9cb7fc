import type { StoreAbilities } from './index-mapping.ts'
import type { SearchClient } from './search-client.ts'
import { foreignAnswer, StoreError } from './store-error.ts'

export interface StoreInfo extends StoreAbilities {
  /** Such as `opensearch 3.8.0`. */
  readonly about: string
}

/** What kind of store answers. */
export async function askAbilities(client: SearchClient): Promise<StoreInfo> {
  const version = await askVersion(client)
  if (version === null) return { about: 'elasticsearch', objectType: null }
  const { distribution = 'elasticsearch', number } = version
  const [major = 0, minor = 0] = number.split('.').map(Number)
  const about = `${distribution} ${number}`
  if (distribution === 'opensearch') {
    return { about, objectType: major > 2 || (major === 2 && minor >= 7) ? 'flat_object' : null }
  }
  // before version 8 it is a module, which not everybody has
  return { about, objectType: major >= 8 ? 'flattened' : null }
}

/** What stands at the root of a store, if it is one. */
interface Greeting {
  readonly version?: { readonly distribution?: string; readonly number?: string }
}

async function askVersion(
  client: SearchClient,
): Promise<{ readonly distribution?: string; readonly number: string } | null> {
  try {
    const answer = await client.send<Greeting | null>({ method: 'GET', path: '/' })
    const { distribution, number } = answer?.version ?? {}
    if (typeof number !== 'string')
      throw foreignAnswer('what answers is no search store: it names no version')
    return distribution === undefined ? { number } : { distribution, number }
  } catch (error) {
    // whoever may write need not be allowed to ask
    if (error instanceof StoreError && (error.status === 403 || error.status === 404 || error.status === 405))
      return null
    throw error
  }
}
