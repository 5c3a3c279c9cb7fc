/** What whoever looks for a slot has to know of the server first. */
export interface ServerState {
  readonly database: string
  /** It is in recovery: its slots are not ours to read. */
  readonly standby: boolean
}

/** Of the session that `query` asks. */
export async function readServerState(
  query: (text: string) => Promise<readonly ServerState[]>,
): Promise<ServerState> {
  const [state] = await query('select current_database() as database, pg_is_in_recovery() as standby')
  return state!
}
