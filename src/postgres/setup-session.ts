import type pg from 'pg'
import { connect } from './connect.ts'
import type { PostgresConfig } from './postgres-url.ts'

/** Whatever a role or a database has as its default must not cut our statements short, or let them find other functions. */
export const plainSettings: Readonly<Record<string, string>> = {
  search_path: 'pg_catalog',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  default_transaction_read_only: 'off',
  default_transaction_isolation: 'read committed',
  client_min_messages: 'warning',
}

/**
 * Connects as `init` and `tear-down` need it: with `plainSettings`, and so that no statement runs on when its program is
 * gone.
 */
export async function connectForSetup(config: PostgresConfig, applicationName: string): Promise<pg.Client> {
  const client = await connect(config, {
    applicationName,
    settings: plainSettings,
  })
  // not everywhere supported, and only Linux notices
  await client.query("set client_connection_check_interval = '2s'").catch(() => undefined)
  return client
}
