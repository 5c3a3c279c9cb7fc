import { randomBytes } from 'node:crypto'
import { chown, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { lastWill } from './last-will.ts'
import type { LastWill } from './last-will.ts'
import { runBinary } from './run-binary.ts'
import type { RunAs } from './run-binary.ts'
import { unavailable } from './unavailable.ts'

export interface TemporaryFolder {
  readonly folder: string
  /** Removes it. */
  readonly will: LastWill
}

/**
 * A new folder of that user, in a place that the user can enter: a temporary folder of root's own may be closed to others.
 * @throws {PgstreamError} PGSTREAM_DEMO_UNAVAILABLE
 */
export async function temporaryFolder(user: RunAs): Promise<TemporaryFolder> {
  const places = [...new Set([tmpdir(), '/tmp', '/var/tmp'])]
  let cause: unknown
  for (const place of places) {
    // the will comes before the folder, or a kill between the two would leave it
    const folder = join(place, `pgstream-demo-${randomBytes(8).toString('hex')}`)
    const will = lastWill(folder)
    try {
      await mkdir(folder, { mode: 0o700 })
      if (user.uid !== undefined) await chown(folder, user.uid, user.gid)
      await runBinary('ls', [folder], { user })
      return { folder, will }
    } catch (error) {
      cause = error
      await will[Symbol.asyncDispose]()
    }
  }
  throw unavailable(`No temporary folder can be made in ${places.join(' or ')}.`, {
    remedy: 'Name a folder with room in TMPDIR.',
    cause,
  })
}
