import { chown, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runBinary } from './run-binary.ts'
import type { RunAs } from './run-binary.ts'
import { unavailable } from './unavailable.ts'

/**
 * A new folder of that user, in a place that the user can enter: a temporary folder of root's own may be closed to others.
 * @throws {PgstreamError} PGSTREAM_DEMO_UNAVAILABLE
 */
export async function temporaryFolder(user: RunAs): Promise<string> {
  const places = [...new Set([tmpdir(), '/tmp', '/var/tmp'])]
  let cause: unknown
  for (const place of places) {
    let folder: string | undefined
    try {
      folder = await mkdtemp(join(place, 'pgstream-demo-'))
      if (user.uid !== undefined) await chown(folder, user.uid, user.gid)
      await runBinary('ls', [folder], { user })
      return folder
    } catch (error) {
      cause = error
      if (folder !== undefined) await rm(folder, { recursive: true })
    }
  }
  throw unavailable(`No temporary folder can be made in ${places.join(' or ')}.`, {
    remedy: 'Name a folder with room in TMPDIR.',
    cause,
  })
}
