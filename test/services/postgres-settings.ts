/** Roomy, because many tests share a server; not durable, because the data does not outlive the run. */
export const serverSettings: Readonly<Record<string, string>> = {
  wal_level: 'logical',
  max_connections: '300',
  max_wal_senders: '100',
  max_replication_slots: '100',
  max_prepared_transactions: '20',
  fsync: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

/** Of servers that the tests start, in compose.yaml, too. `hush` is what no output may hold: support/kept-output.ts. */
export const superuserPassword = 'hush-postgres'
