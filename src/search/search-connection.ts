import { PgstreamError } from '../errors.ts'

/** In PEM form, as for Node's `tls.connect`. */
export interface SearchTls {
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  /** False takes any certificate. */
  readonly rejectUnauthorized?: boolean | undefined
}

/** How to reach OpenSearch or Elasticsearch. */
export interface SearchConnectionOptions {
  /** `http://` or `https://`; may hold user and password. */
  readonly url: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Instead of user and password, as the store gave it: base 64 of id and key. */
  readonly apiKey?: string | undefined
  readonly tls?: SearchTls | undefined
}

export interface SearchConnection extends Omit<SearchConnectionOptions, 'tls'> {
  readonly tls: SearchTls | null
}

/** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for a URL that is none. */
export function searchConnection({ tls, ...options }: SearchConnectionOptions): SearchConnection {
  if (!URL.canParse(options.url)) {
    throw new PgstreamError('PGSTREAM_CONFIG_INVALID', 'The URL of the search store is none.', {
      remedy: 'Write it as http://localhost:9200.',
    })
  }
  return { ...options, tls: tls ?? null }
}
