import { runBinary } from './run-binary.ts'
import type { RunAs } from './run-binary.ts'
import { unavailable } from './unavailable.ts'

/**
 * Who the server runs as. Postgres refuses to run as root: there it becomes `nobody`, who owns nothing and whom every
 * system has. Not the system's user `postgres`, who may own somebody's real databases.
 */
export async function findUser(): Promise<RunAs> {
  if (process.getuid?.() !== 0) return {}
  try {
    const [uid, gid] = await Promise.all([
      runBinary('id', ['-u', 'nobody']),
      runBinary('id', ['-g', 'nobody']),
    ])
    const user = { uid: Number(uid), gid: Number(gid) }
    await runBinary('true', [], { user })
    return user
  } catch (cause) {
    throw unavailable('Postgres does not run as root, and root cannot become the user nobody here.', {
      remedy: 'Run the demo as an ordinary user.',
      cause,
    })
  }
}
