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

/**
 * Makes the translator that the settings ask for. Not asked, it is there behind Postgres and behind a recording, of which
 * no store is needed; messages of Kafka went through it already.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when it is not said where the schema log is, or two places are named.
 */
export function translatorStage(
  { translator: { enabled, storeUrl } }: Config,
  source: SourceKind,
  logger: Logger,
): Translator | null {
  if (enabled === false) return null
  const named = typeof enabled === 'string' ? enabled : storeUrl
  if (storeUrl !== undefined && named !== storeUrl) {
    throw invalid(
      'PGSTREAM_TRANSLATOR_ENABLED and PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL name two databases.',
    )
  }
  if (source.kind === 'recording') return translator({ logger })
  const url = named ?? (source.kind === 'postgres' ? source.url : undefined)
  if (url !== undefined) return translator({ store: schemaLogStore({ url, logger }), logger })
  if (enabled === undefined) return null
  throw invalid(
    'PGSTREAM_TRANSLATOR_ENABLED=true behind Kafka needs PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL.',
    'Name the database that the changes are of, or translate where the topic is written (the default there).',
  )
}

const invalid = (sentence: string, remedy?: string): PgstreamError =>
  new PgstreamError('PGSTREAM_CONFIG_INVALID', sentence, remedy === undefined ? {} : { remedy })
