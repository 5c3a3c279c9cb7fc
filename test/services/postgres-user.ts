import { runCommand, tryCommand } from './run-command.ts'
import { Unavailable } from './service.ts'

/** Who a Postgres server runs as, in the words of `spawn`; empty for the user who runs the tests. */
export type ServerUser = { readonly uid: number; readonly gid: number } | Record<string, never>

/** Postgres refuses to run as root: there it runs as the system's user `postgres`, made when absent. */
export async function serverUser(): Promise<ServerUser> {
  if (process.getuid?.() !== 0) return {}
  const known = await idOfPostgres()
  if (known) return known
  await runCommand('useradd', [
    '--system',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    'postgres',
  ]).catch((error: Error) => {
    throw new Unavailable(`root cannot run Postgres and the user postgres cannot be made (${error.message})`)
  })
  const made = await idOfPostgres()
  if (!made) throw new Unavailable('root cannot run Postgres and there is no user postgres')
  return made
}

/** Whether that user can run the file, that is, enter all folders above it too. */
export async function canRun(user: ServerUser, file: string): Promise<boolean> {
  return (await tryCommand('test', ['-x', file], { ...user, cwd: '/' })) !== undefined
}

async function idOfPostgres(): Promise<ServerUser | undefined> {
  const uid = await tryCommand('id', ['-u', 'postgres'])
  const gid = await tryCommand('id', ['-g', 'postgres'])
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : undefined
}
