import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { eventually } from '../support/wait.ts'
import { freePort } from './free-port.ts'
import type { PostgresBinaries } from './postgres-binaries.ts'
import { canRun, serverUser } from './postgres-user.ts'
import type { ServerUser } from './postgres-user.ts'
import { serverSettings, superuserPassword } from './postgres-settings.ts'
import { runCommand } from './run-command.ts'
import { atTheEnd } from './watchdog.ts'

/** A Postgres server of our own in a temporary folder. Disposing ends it and removes the folder. */
export interface PostgresCluster extends AsyncDisposable {
  /** Of the superuser postgres. */
  readonly url: string
  readonly dataDir: string
  /** fast ends sessions and writes a checkpoint; immediate is a crash. */
  stop(mode?: 'fast' | 'immediate'): Promise<void>
  /** With the same port and data, also after `stop`. */
  restart(mode?: 'fast' | 'immediate'): Promise<void>
}

/** Ends the server and removes its folder, also while initdb still writes into it. */
const cleanUp = `
pid=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null)
ours() { { tr '\\0' ' ' < "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2> /dev/null | grep -qF "$1/data"; }
if [ -n "$pid" ] && ours "$1"; then
  kill -QUIT "$pid"
  for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$pid" 2> /dev/null || break; sleep 0.$i; done
  kill -KILL "$pid"
fi
for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && break; sleep 0.$i; done
`

export async function startCluster(
  binaries: PostgresBinaries,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresCluster> {
  const user = await serverUser()
  const folder = await temporaryFolder(user)
  const end = atTheEnd(cleanUp, [folder])
  try {
    const bin = await reachableBin(binaries, user, folder)
    const dataDir = join(folder, 'data')
    const port = await freePort()
    await initialize(bin, folder, user)
    const conf = { ...whereOnly(port), ...serverSettings, ...(await pluginSetting(bin, user)), ...settings }
    const lines = Object.entries(conf).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`)
    await writeFile(join(dataDir, 'postgresql.conf'), lines.join(''), { flag: 'a' })
    const url = `postgres://postgres:${superuserPassword}@127.0.0.1:${port}/postgres`
    let server = await startServer(bin, folder, user, url)
    const stop = async (mode: 'fast' | 'immediate' = 'fast'): Promise<void> => {
      if (hasEnded(server)) return
      server.ref()
      const exit = once(server, 'exit')
      server.kill(mode === 'fast' ? 'SIGINT' : 'SIGQUIT')
      await exit
    }
    return {
      url,
      dataDir,
      stop,
      restart: async (mode) => {
        await stop(mode)
        server = await startServer(bin, folder, user, url)
      },
      [Symbol.asyncDispose]: () => end[Symbol.asyncDispose](),
    }
  } catch (error) {
    await end[Symbol.asyncDispose]()
    throw error
  }
}

function whereOnly(port: number): Record<string, string> {
  return { port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '' }
}

/** Owned by who runs the server, in a place that this user can enter. */
async function temporaryFolder(user: ServerUser): Promise<string> {
  for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
    const folder = await mkdtemp(join(parent, 'pgstream-postgres-'))
    if (user.uid !== undefined) await chown(folder, user.uid, user.gid)
    if (await canRun(user, folder)) return folder
    await rm(folder, { recursive: true })
  }
  throw new Error(`The user postgres can enter none of ${tmpdir()}, /tmp and /var/tmp`)
}

/** Binaries below a home folder that others cannot enter are copied, by hard links where that is possible. */
async function reachableBin(binaries: PostgresBinaries, user: ServerUser, folder: string): Promise<string> {
  if (await canRun(user, join(binaries.bin, 'postgres'))) return binaries.bin
  const { movable } = binaries
  if (!movable) throw new Error(`The user postgres cannot run ${binaries.bin}/postgres`)
  const copy = join(folder, 'postgres')
  await runCommand('cp', ['-al', movable, copy]).catch(async () => {
    await rm(copy, { recursive: true, force: true })
    await runCommand('cp', ['-a', movable, copy])
  })
  return join(copy, 'bin')
}

async function initialize(bin: string, folder: string, user: ServerUser): Promise<void> {
  const password = join(folder, 'password')
  await writeFile(password, superuserPassword)
  await chmod(password, 0o644)
  const parameters = [
    '-D',
    join(folder, 'data'),
    '-U',
    'postgres',
    `--pwfile=${password}`,
    '--auth=scram-sha-256',
  ]
  await runCommand(join(bin, 'initdb'), [...parameters, '--encoding=UTF8', '--no-locale', '--no-sync'], {
    ...user,
    cwd: folder,
    env: serverEnvironment,
  })
}

/** Minors since August 2026 load listed output plugins only; older ones do not start with the setting. */
async function pluginSetting(bin: string, user: ServerUser): Promise<Record<string, string>> {
  const known = await runCommand(join(bin, 'postgres'), ['--describe-config'], { ...user, cwd: '/' })
  return known.includes('output_plugin_libraries')
    ? { output_plugin_libraries: 'pgoutput, test_decoding, wal2json' }
    : {}
}

/** Nothing of the caller's: PGPORT, PGOPTIONS and the like would change the server. */
const serverEnvironment = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }

/** Resolves when the server answers. */
async function startServer(
  bin: string,
  folder: string,
  user: ServerUser,
  url: string,
): Promise<ChildProcess> {
  const logFile = join(folder, 'server.log')
  const log = await open(logFile, 'a')
  const server = spawn(join(bin, 'postgres'), ['-D', join(folder, 'data')], {
    ...user,
    cwd: folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: serverEnvironment,
  })
  await log.close()
  let failure: Error | undefined
  server.once('error', (error) => (failure = error))
  server.unref()
  const answered = await eventually(
    async () => {
      if (failure || hasEnded(server)) return 'ended'
      await ping(url)
      return 'answered'
    },
    { timeoutMs: 60_000, about: 'The start of Postgres' },
  )
  if (answered === 'answered') return server
  const said = await readFile(logFile, 'utf8')
  throw new Error(`Postgres did not start: ${said.trim().split('\n').slice(-15).join('\n')}`, {
    cause: failure,
  })
}

async function ping(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  try {
    await client.connect()
  } finally {
    await client.end()
  }
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null
}
