import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import type {
  Connection,
  ConnectionPool,
  Serializer,
  Transport as Requests,
} from '@opensearch-project/opensearch'
import type { SearchConnection } from './search-connection.ts'

export const standardTimeoutMs = 60_000

const require = createRequire(import.meta.url)
/** Nobody listens to what happens within. */
const emit = (): boolean => false

/** The connections to a store, and who sends requests by them. */
export interface StoreTransport {
  readonly requests: Requests
  readonly close: () => Promise<void>
}

/**
 * Parts of the official client: what sends requests, without its methods for every API of a store. Those are 530 files that
 * nobody here calls, and that took 0.15 s of CPU time at each start, more where they have to come from a disk.
 */
export function storeTransport({ url, username, password, apiKey, tls }: SearchConnection): StoreTransport {
  const { Transport, Pool, Link, Json } = parts()
  const connectionPool = new Pool({
    emit,
    Connection: Link,
    ...(username === undefined ? {} : { auth: { username, password: password ?? '' } }),
    ...(tls === null ? {} : { ssl: { ...tls } }),
  })
  connectionPool.addConnection(url)
  const requests = new Transport({
    emit,
    connectionPool,
    serializer: new Json(),
    // who asks decides when to ask again
    maxRetries: 0,
    requestTimeout: standardTimeoutMs,
    sniffEndpoint: '',
    ...(apiKey === undefined ? {} : { headers: { authorization: `ApiKey ${apiKey}` } }),
  })
  return { requests, close: promisify((done: () => void) => connectionPool.empty(done)) }
}

/** Not before they are used. */
function parts(): {
  Transport: typeof Requests
  Pool: typeof ConnectionPool
  Link: typeof Connection
  Json: typeof Serializer
} {
  const part = <T>(name: string): T => require(`@opensearch-project/opensearch/lib/${name}.js`) as T
  const { ConnectionPool: Pool } = part<{ ConnectionPool: typeof ConnectionPool }>('pool/index')
  return { Transport: part('Transport'), Pool, Link: part('Connection'), Json: part('Serializer') }
}
