import type { Config } from '../config/fields.ts'
import type { Check } from '../pipeline/check.ts'
import type { MakeSink } from '../pipeline/fan-out.ts'
import { rowReader } from '../postgres/read-row.ts'
import { sourcePlace } from '../postgres/source-place.ts'
import { searchCheck } from '../search/search-check.ts'
import { searchIndexer } from '../search/search-indexer.ts'
import type { SearchConnectionOptions, SearchTls } from '../search/search-connection.ts'
import type { Logger } from '../telemetry/logger.ts'
import { readPem } from './pem-file.ts'
import { retryPolicy } from './retry-settings.ts'

/** How to reach the store; null when the settings name none. */
export function searchConnectionSettings({ searchStore }: Config): SearchConnectionOptions | null {
  const { url, username, password, apiKey, caFile, certFile, keyFile } = searchStore
  if (url === undefined) return null
  const tls: SearchTls = {
    ca: readPem(caFile, 'PGSTREAM_SEARCH_STORE_TLS_CA_CERT_FILE'),
    cert: readPem(certFile, 'PGSTREAM_SEARCH_STORE_TLS_CLIENT_CERT_FILE'),
    key: readPem(keyFile, 'PGSTREAM_SEARCH_STORE_TLS_CLIENT_KEY_FILE'),
  }
  return { url, username, password, apiKey, tls: Object.values(tls).some(Boolean) ? tls : undefined }
}

/** What the settings ask for; null when they name no store. */
export function searchSink(config: Config, logger: Logger): MakeSink | null {
  const connection = searchConnectionSettings(config)
  if (connection === null) return null
  const source = sourceOf(config)
  const { enabled, storeUrl = typeof enabled === 'string' ? enabled : undefined } = config.translator
  const database = source ?? storeUrl
  return (checkpointer) =>
    searchIndexer({
      ...connection,
      ...config.searchIndexer,
      checkpointer,
      logger,
      storeRetry: retryPolicy(config.searchStore),
      cleanupRetry: retryPolicy(config.searchIndexer),
      source: source === undefined ? undefined : () => sourcePlace(source),
      readRow: database === undefined ? undefined : rowReader(database),
    })
}

/** How `pgstream check` looks at the store; null when the settings name none. */
export function searchSinkCheck(config: Config): Check | null {
  const connection = searchConnectionSettings(config)
  if (connection === null) return null
  const { indexPrefix = '', indexGeneration } = config.searchIndexer
  const source = sourceOf(config)
  return searchCheck({
    ...connection,
    indexPrefix,
    indexGeneration,
    source: source === undefined ? undefined : () => sourcePlace(source),
  })
}

const sourceOf = ({ command, postgresListener }: Config): string | undefined =>
  command.pgurl ?? postgresListener.url
