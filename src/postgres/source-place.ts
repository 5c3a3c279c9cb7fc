import type { Lsn } from '../wal/lsn.ts'
import { ReplicationConnection } from './replication-connection.ts'
import { leftAt } from './source-state.ts'

/** Which server this is, and how far it is, for destinations that must never be ahead of it. */
export async function sourcePlace(
  url: string,
  signal?: AbortSignal,
): Promise<{
  readonly systemIdentifier: string
  readonly timeline: number
  readonly flushed: Lsn
  leftAt(timeline: number): Promise<Lsn | null>
}> {
  const connection = await ReplicationConnection.open(url, signal)
  try {
    const { systemId, timeline, flushed } = await connection.identify()
    const history = timeline > 1 ? await connection.timelineHistory(timeline) : ''
    return {
      systemIdentifier: systemId,
      timeline,
      flushed,
      leftAt: async (older) => leftAt(older, history),
    }
  } finally {
    await connection.close()
  }
}
