import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import type { Logger } from '../telemetry/logger.ts'
import { connect } from './connect.ts'
import { describeLeft, mendReplicaIdentities } from './replica-identities.ts'

const intervalMs = 60_000

/**
 * Looks at start and every minute for tables whose updates and deletes the publication would make fail: made while
 * triggers were off, or left by the trigger because it would have had to wait. Mends them and says so.
 *
 * Never fails: a stream is worth more than a mended table, and what is left is told again by the next look.
 * @returns what stops it, and resolves when it touches nothing any more.
 */
export function keepReplicaIdentities(url: string, logger: Logger): () => Promise<void> {
  let last = ''
  let looking: Promise<void> | null = null
  const tellOnce = (text: string, tell: () => void): void => {
    if (text !== last) tell()
    last = text
  }
  const look = async (): Promise<void> => {
    try {
      const client = await connect(url)
      try {
        const { mended, left } = await mendReplicaIdentities(client)
        if (mended.length > 0) {
          logger.warn(
            { tables: mended },
            'set REPLICA IDENTITY FULL: updates and deletes of these tables would have failed',
          )
        }
        const remains = describeLeft(left)
        tellOnce(remains, () => {
          if (remains !== '')
            logger.warn(
              { tables: remains },
              'updates and deletes of tables without replica identity fail until they are free; looking again every minute',
            )
        })
      } finally {
        await client.end()
      }
    } catch (error) {
      const { code, message, remedy } = asPgstreamError(error)
      tellOnce(message, () =>
        logger.warn({ code, remedy }, `replica identities cannot be looked after: ${message}`),
      )
    }
  }
  const start = (): void => {
    looking ??= look().finally(() => (looking = null))
  }
  start()
  const timer = setInterval(start, intervalMs)
  return async () => {
    clearInterval(timer)
    await looking
  }
}
