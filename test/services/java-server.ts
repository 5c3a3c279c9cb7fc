import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../support/wait.ts'

/** A Java program whose log and data are in a folder of its own. */
export interface JavaProgram {
  readonly java: string
  readonly parameters: readonly string[]
  readonly folder: string
  readonly locale?: string
}

/** A server that comes back with the same ports and data. */
export interface Restartable {
  /** clean lets it end by itself and write everything out; crash is SIGKILL. */
  stop(mode?: 'clean' | 'crash'): Promise<void>
  /** Also after `stop`. */
  restart(mode?: 'clean' | 'crash'): Promise<void>
}

/** For a shell: ends whichever Java runs for the folder $1, and removes it. */
export const endJavaOf = `
pid=$(cat "$1/pid" 2> /dev/null)
ours() { { tr '\\0' ' ' < "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2> /dev/null | grep -qF "$1/"; }
if [ -n "$pid" ] && ours "$1"; then kill -KILL "$pid"; fi
for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && break; sleep 0.$i; done
`

/** Starts a server and waits until it is ready. */
export async function startJavaServer(
  name: string,
  program: JavaProgram,
  isReady: () => Promise<boolean>,
): Promise<Restartable> {
  const start = async (): Promise<ChildProcess> => {
    const server = await spawnJava(program)
    server.unref()
    const answered = await eventually(
      async () => (hasEnded(server) ? 'ended' : (await isReady()) && 'answered'),
      { timeoutMs: 120_000, every: 50, about: `The start of ${name}` },
    )
    if (answered === 'ended') throw new Error(`${name} did not start: ${await lastLines(program.folder)}`)
    return server
  }
  let server = await start()
  const stop: Restartable['stop'] = async (mode = 'clean') => {
    if (hasEnded(server)) return
    server.ref()
    const exit = once(server, 'exit')
    server.kill(mode === 'clean' ? 'SIGTERM' : 'SIGKILL')
    await exit
  }
  return {
    stop,
    restart: async (mode) => {
      await stop(mode)
      server = await start()
    },
  }
}

/** Runs a tool to its end. */
export async function runJava(name: string, program: JavaProgram): Promise<void> {
  const tool = await spawnJava(program)
  if (!hasEnded(tool)) await once(tool, 'exit')
  if (tool.exitCode !== 0) throw new Error(`${name} failed: ${await lastLines(program.folder)}`)
}

/** Its pid is in the folder before it is Java: whoever removes the folder knows whom to end first. */
async function spawnJava({ java, parameters, folder, locale = 'C' }: JavaProgram): Promise<ChildProcess> {
  const log = await open(join(folder, 'server.log'), 'a')
  const script = 'echo $$ > "$0/pid" && exec "$@"'
  const child = spawn('sh', ['-c', script, folder, java, ...parameters], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    // nothing of the caller's, which could change the server
    env: { PATH: process.env['PATH'], LC_ALL: locale, TZ: 'UTC' },
  })
  await log.close()
  return child
}

async function lastLines(folder: string): Promise<string> {
  const said = await readFile(join(folder, 'server.log'), 'utf8')
  return said.trim().split('\n').slice(-15).join('\n')
}

const hasEnded = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null
