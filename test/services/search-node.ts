import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { freePort } from './free-port.ts'
import { endJavaOf, startJavaServer } from './java-server.ts'
import type { JavaProgram, Restartable } from './java-server.ts'
import { loggingProperties } from './kafka-settings.ts'
import type { SearchBinaries } from './search-binaries.ts'
import { atTheEnd } from './watchdog.ts'

/** A node of our own in a temporary folder. Disposing ends it and removes the folder. */
export interface SearchNode extends Restartable, AsyncDisposable {
  readonly url: string
  /** Its log and data. */
  readonly folder: string
}

export async function startSearchNode(
  binaries: SearchBinaries,
  settings: Readonly<Record<string, string>> = {},
  javaOptions: readonly string[] = [],
): Promise<SearchNode> {
  const folder = await mkdtemp(join(tmpdir(), 'pgstream-search-'))
  const end = atTheEnd(endJavaOf, [folder])
  try {
    await mkdir(join(folder, 'config'))
    await mkdir(join(folder, 'tmp'))
    await writeFile(join(folder, 'log4j2.properties'), loggingProperties)
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const all = { ...standard(folder, port, await freePort()), ...settings }
    const java = program(binaries, folder, all, javaOptions)
    const server = await startJavaServer('The search store', java, () => isReady(url))
    return {
      ...server,
      url,
      folder,
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

function program(
  { jdk, folder: binaries, mainClass }: SearchBinaries,
  folder: string,
  settings: Readonly<Record<string, string>>,
  javaOptions: readonly string[],
): JavaProgram {
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
    ...javaOptions,
  ]
  const classPath = [join(binaries, 'classes'), join(binaries, 'libs', '*')].join(delimiter)
  const named = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
  const parameters = [...options, '-cp', classPath, mainClass, ...named]
  return { java: join(jdk.home, 'bin/java'), parameters, folder, locale: 'C.UTF-8' }
}

/** Whether it has what it needs to take documents. */
async function isReady(url: string): Promise<boolean> {
  const health = await fetch(`${url}/_cluster/health?wait_for_status=yellow&timeout=1s`, {
    signal: AbortSignal.timeout(5000),
  })
  return health.ok
}
