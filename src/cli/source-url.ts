import type { ConfigRead } from '../config/read-config.ts'
import { PgstreamError } from '../errors.ts'

export interface SourceUrl {
  readonly url: string
  /** What said so, for messages. */
  readonly from: string
}

/** The database that the same project in Go prepares when it is told none. */
export const defaultSourceUrl: SourceUrl = {
  url: 'postgres://postgres:postgres@localhost?sslmode=disable',
  from: 'default',
}

/** The source database, the same for every command: `--pgurl`, PGSTREAM_PGURL, PGSTREAM_POSTGRES_LISTENER_URL. */
export function findSourceUrl({ config, originOf }: ConfigRead): SourceUrl | undefined {
  const { pgurl } = config.command
  if (pgurl !== undefined) {
    return {
      url: pgurl,
      from: originOf('PGSTREAM_PGURL') === 'flag' ? '--pgurl' : 'PGSTREAM_PGURL',
    }
  }
  const { url } = config.postgresListener
  return url === undefined ? undefined : { url, from: 'PGSTREAM_POSTGRES_LISTENER_URL' }
}

export const twoSources = (from: string): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_CONFIG_INVALID',
    `There are two sources: ${from} and PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID are both set.`,
    { remedy: 'Run one pgstream for each.' },
  )
