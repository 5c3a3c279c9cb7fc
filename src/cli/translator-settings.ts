import type { Config } from '../config/fields.ts'
import { PgstreamError } from '../errors.ts'
import { schemaLogStore } from '../postgres/schema-log-store.ts'
import type { Logger } from '../telemetry/logger.ts'
import { translator } from '../translator/translator.ts'
import type { Translator } from '../translator/translator.ts'

/** Where the events come from, and from which database if from one. */
export type SourceKind =
  | { readonly kind: 'postgres'; readonly url: string }
  | { readonly kind: 'kafka' }
  | { readonly kind: 'recording' }

/** Where the schema log is; `none` where the translator goes without, `off` where there is no translator. */
type Store = { readonly url: string } | 'none' | 'off'

/**
 * Not asked, the translator is there behind Postgres and behind a recording, of which no store is needed; messages of Kafka
 * went through it already.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when it is not said where the schema log is, or two places are named.
 */
export function translatorStore({ translator: { enabled, storeUrl } }: Config, source: SourceKind): Store {
  if (enabled === false) return 'off'
  const named = typeof enabled === 'string' ? enabled : storeUrl
  if (storeUrl !== undefined && named !== storeUrl) {
    throw invalid(
      'PGSTREAM_TRANSLATOR_ENABLED and PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL name two databases.',
      'Leave one of them out.',
    )
  }
  if (source.kind === 'recording') return 'none'
  const url = named ?? (source.kind === 'postgres' ? source.url : undefined)
  if (url !== undefined) return { url }
  if (enabled === undefined) return 'off'
  throw invalid(
    'PGSTREAM_TRANSLATOR_ENABLED=true behind Kafka needs PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL.',
    'Name the database that the changes are of, or translate where the topic is written (the default there).',
  )
}

/** Makes the translator that the settings ask for; null for none. @throws {PgstreamError} as `translatorStore`. */
export function translatorStage(config: Config, source: SourceKind, logger: Logger): Translator | null {
  const store = translatorStore(config, source)
  if (store === 'off') return null
  if (store === 'none') return translator({ logger })
  // it is asked when the first change comes, by which time the listener has read from it
  const reachedBefore = source.kind === 'postgres' && store.url === source.url
  return translator({ store: schemaLogStore({ url: store.url, logger, reachedBefore }), logger })
}

const invalid = (sentence: string, remedy: string): PgstreamError =>
  new PgstreamError('PGSTREAM_CONFIG_INVALID', sentence, { remedy })
