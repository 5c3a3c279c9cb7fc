import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, open, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { eventually } from '../support/wait.ts'
import { freePort } from './free-port.ts'
import { loggingProperties } from './kafka-settings.ts'
import type { SearchBinaries } from './search-binaries.ts'
import { atTheEnd } from './watchdog.ts'

/** A node of our own in a temporary folder. Disposing ends it and removes the folder. */
export interface SearchNode extends AsyncDisposable {
  readonly url: string
  /** Its log and data. */
  readonly folder: string
  /** crash is SIGKILL. */
  stop(mode?: 'clean' | 'crash'): Promise<void>
  /** With the same port and data, also after `stop`. */
  restart(mode?: 'clean' | 'crash'): Promise<void>
}

/** Ends whichever Java runs for the folder, and removes it. */
const cleanUp = `
pid=$(cat "$1/pid" 2> /dev/null)
ours() { { tr '\\0' ' ' < "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2> /dev/null | grep -qF "$1/"; }
if [ -n "$pid" ] && ours "$1"; then kill -KILL "$pid"; fi
for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && break; sleep 0.$i; done
`

export async function startSearchNode(
  binaries: SearchBinaries,
  settings: Readonly<Record<string, string>> = {},
): Promise<SearchNode> {
  const folder = await mkdtemp(join(tmpdir(), 'pgstream-search-'))
  const end = atTheEnd(cleanUp, [folder])
  try {
    await mkdir(join(folder, 'config'))
    await mkdir(join(folder, 'tmp'))
    await writeFile(join(folder, 'log4j2.properties'), loggingProperties)
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const all = { ...standard(folder, port, await freePort()), ...settings }
    const startServer = async (): Promise<ChildProcess> => {
      const server = await java(binaries, folder, all)
      server.unref()
      await untilReady(server, url, folder)
      return server
    }
    let server = await startServer()
    const stop: SearchNode['stop'] = async (mode = 'clean') => {
      if (hasEnded(server)) return
      server.ref()
      const exit = once(server, 'exit')
      server.kill(mode === 'clean' ? 'SIGTERM' : 'SIGKILL')
      await exit
    }
    return {
      url,
      folder,
      stop,
      restart: async (mode) => {
        await stop(mode)
        server = await startServer()
      },
      [Symbol.asyncDispose]: () => end[Symbol.asyncDispose](),
    }
  } catch (error) {
    await end[Symbol.asyncDispose]()
    throw error
  }
}

/** A node that is alone, keeps to this machine, and does not look at how full its disk is. */
function standard(folder: string, port: number, transportPort: number): Record<string, string> {
  return {
    'path.home': folder,
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'cluster.name': 'pgstream-test',
    'node.name': 'test',
    'network.host': '127.0.0.1',
    'http.port': String(port),
    'transport.port': String(transportPort),
    'discovery.type': 'single-node',
    'cluster.routing.allocation.disk.threshold_enabled': 'false',
    // thousands of indices of tests do not fit otherwise
    'cluster.max_shards_per_node': '20000',
  }
}

/** Its pid is in the folder before it is Java: whoever removes the folder knows whom to end first. */
async function java(
  { jdk, folder: binaries, mainClass }: SearchBinaries,
  folder: string,
  settings: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const log = await open(join(folder, 'server.log'), 'a')
  const options = [
    '-Xms1g',
    '-Xmx1g',
    '-XX:+UseSerialGC',
    // a node that lives for a minute on two cores starts sooner without the best compiler
    '-XX:TieredStopAtLevel=1',
    '-Djava.awt.headless=true',
    `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
    `-Des.nativelibs.path=${join(folder, 'tmp')}`,
    '-Djna.nosys=true',
    '-Dio.netty.noUnsafe=true',
    '-Dio.netty.noKeySetOptimization=true',
    '-Dlog4j2.disable.jmx=true',
    '-Dlog4j.shutdownHookEnabled=false',
    `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`,
    ...(jdk.major > 17 ? ['--add-modules=jdk.incubator.vector', '--enable-native-access=ALL-UNNAMED'] : []),
  ]
  const classPath = [join(binaries, 'classes'), join(binaries, 'libs', '*')].join(delimiter)
  const parameters = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const command = [join(jdk.home, 'bin/java'), ...options, '-cp', classPath, mainClass, ...parameters]
  const script = 'echo $$ > "$0/pid" && exec "$@"'
  const child = spawn('sh', ['-c', script, folder, ...command], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    // nothing of the caller's, which could change the server
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8', TZ: 'UTC' },
  })
  await log.close()
  return child
}

/** Until it has what it needs to take documents. */
async function untilReady(server: ChildProcess, url: string, folder: string): Promise<void> {
  const answered = await eventually(
    async () => {
      if (hasEnded(server)) return 'ended'
      const health = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
        signal: AbortSignal.timeout(5000),
      })
      return health.ok && 'answered'
    },
    { timeoutMs: 120_000, every: 50, about: 'The start of the search store' },
  )
  if (answered === 'ended') throw new Error(`The search store did not start: ${await lastLines(folder)}`)
}

async function lastLines(folder: string): Promise<string> {
  const said = await readFile(join(folder, 'server.log'), 'utf8')
  return said.trim().split('\n').slice(-15).join('\n')
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null
}
