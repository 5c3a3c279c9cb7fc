import type { Written } from './written.ts'

/** The environment of `pgstream run` for a slot of the run's own. */
export const source = ({ url }: Pick<Written, 'url'>, slot: string): Record<string, string> => ({
  PGSTREAM_POSTGRES_LISTENER_URL: url,
  PGSTREAM_POSTGRES_LISTENER_SLOT_NAME: slot,
  PGSTREAM_LOG_LEVEL: 'warn',
})
