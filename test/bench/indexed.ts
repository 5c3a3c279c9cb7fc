import type { Measured } from './measured.ts'
import { command, runOurs } from './our-process.ts'
import { source } from './source-settings.ts'
import type { Written } from './written.ts'

/** The environment of `pgstream run` for a part of a search store. */
export const searchStore = (url: string, prefix: string): Record<string, string> => ({
  PGSTREAM_SEARCH_STORE_URL: url,
  PGSTREAM_SEARCH_INDEX_PREFIX: prefix,
  PGSTREAM_SEARCH_INDEX_REPLICAS: '0',
})

/** What `pgstream run` takes from Postgres to the store. */
export async function indexed(written: Written, url: string, prefix: string): Promise<Measured> {
  await using slot = await written.slot()
  const { until, rows } = written
  const env = { ...source(written, slot.name), ...searchStore(url, prefix) }
  return await runOurs({ program: command, args: ['run'], env, until, rows })
}
