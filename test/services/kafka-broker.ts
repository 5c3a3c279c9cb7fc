import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, open, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kafka } from 'kafkajs'
import { eventually } from '../support/wait.ts'
import { freePort } from './free-port.ts'
import type { KafkaBinaries } from './kafka-binaries.ts'
import { kafkaClient } from './kafka-client.ts'
import { recordOfProtocols } from './kafka-servers.ts'
import type { KafkaServers } from './kafka-servers.ts'
import { formatParameters, kafkaUser, loggingProperties, serverProperties } from './kafka-settings.ts'
import type { BrokerPlace } from './kafka-settings.ts'
import { makeTlsFiles } from './kafka-tls.ts'
import { atTheEnd } from './watchdog.ts'

/** A broker of our own in a temporary folder. Disposing ends it and removes the folder. */
export interface KafkaBroker extends AsyncDisposable {
  readonly servers: KafkaServers
  /** Its configuration, log and data. */
  readonly folder: string
  /** host:port of its controller, for a second broker to join. */
  readonly controller: string
  /** clean hands its work over and writes everything out; crash is SIGKILL. */
  stop(mode?: 'clean' | 'crash'): Promise<void>
  /** With the same ports and data, also after `stop`. */
  restart(mode?: 'clean' | 'crash'): Promise<void>
}

type Advertised = NonNullable<BrokerPlace['advertised']>

export interface BrokerOptions {
  /** Lines of server.properties that are to be otherwise than in kafka-settings.ts. */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * host:port to which listeners tell their clients to come instead of their own, for instance that of a proxy. Called
   * with the broker's own before it starts.
   */
  readonly advertise?: (own: KafkaServers['address']) => Advertised | Promise<Advertised>
  /** Of Java, instead of those that make it start soon. */
  readonly javaOptions?: readonly string[]
  /** Makes a second broker, with the number 2, of the cluster that this one has. */
  readonly joins?: Pick<KafkaBroker, 'controller'>
}

/** Ends whichever Java runs for the folder, and removes it. */
const cleanUp = `
pid=$(cat "$1/pid" 2> /dev/null)
ours() { { tr '\\0' ' ' < "/proc/$pid/cmdline" || ps -o args= -p "$pid"; } 2> /dev/null | grep -qF "$1/"; }
if [ -n "$pid" ] && ours "$1"; then kill -KILL "$pid"; fi
for i in 1 2 3 4 5 6 7 8 9 10; do rm -rf "$1" && break; sleep 0.$i; done
`

/** C1 alone and one thread for garbage: a broker that lives for a minute on two cores starts three times sooner. */
const startsSoon = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true']

export async function startBroker(
  binaries: KafkaBinaries,
  options: BrokerOptions = {},
): Promise<KafkaBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'pgstream-kafka-'))
  const end = atTheEnd(cleanUp, [folder])
  const config = join(folder, 'server.properties')
  try {
    const { caFile, certificate } = await makeTlsFiles(folder)
    const ports = await brokerPorts()
    const address = recordOfProtocols((protocol) => `127.0.0.1:${ports[protocol]}`)
    const servers = { address, caFile, ...kafkaUser }
    const advertised = await options.advertise?.(address)
    const controller = options.joins?.controller
    const place: BrokerPlace = {
      ...{ ports, bind: '127.0.0.1', data: join(folder, 'data'), certificate },
      ...(advertised && { advertised }),
      ...(controller && { controller }),
    }
    const properties = serverProperties(place, options.settings)
    await writeFile(config, properties)
    await writeFile(join(folder, 'log4j2.properties'), loggingProperties)
    await format(binaries, folder, config)
    const startServer = async (): Promise<ChildProcess> => {
      const child = await java(binaries, folder, ['kafka.Kafka', config], options.javaOptions)
      child.unref()
      const internal = { brokers: [`127.0.0.1:${ports.INTERNAL}`] }
      await untilReady(child, kafkaClient(servers, 'PLAINTEXT', { ...internal, ...briefly }), folder)
      return child
    }
    let server = await startServer()
    const stop: KafkaBroker['stop'] = async (mode = 'clean') => {
      if (hasEnded(server)) return
      server.ref()
      const exit = once(server, 'exit')
      server.kill(mode === 'clean' ? 'SIGTERM' : 'SIGKILL')
      await exit
    }
    return {
      servers,
      folder,
      controller: controller ?? `127.0.0.1:${ports.CONTROLLER}`,
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

export async function brokerPorts(): Promise<BrokerPlace['ports']> {
  const free = new Set<number>()
  while (free.size < 6) free.add(await freePort())
  const ports = [...free]
  const next = (): number => ports.pop() ?? 0
  return { ...recordOfProtocols(next), INTERNAL: next(), CONTROLLER: next() }
}

async function format(binaries: KafkaBinaries, folder: string, config: string): Promise<void> {
  const tool = await java(binaries, folder, ['kafka.tools.StorageTool', ...formatParameters(config)])
  if (!hasEnded(tool)) await once(tool, 'exit')
  if (tool.exitCode !== 0) throw new Error(`Kafka's folder was not formatted: ${await lastLines(folder)}`)
}

/** Its pid is in the folder before it is Java: whoever removes the folder knows whom to end first. */
async function java(
  binaries: KafkaBinaries,
  folder: string,
  parameters: string[],
  javaOptions: readonly string[] = startsSoon,
): Promise<ChildProcess> {
  const log = await open(join(folder, 'server.log'), 'a')
  const logging = `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`
  const command = [binaries.java, ...javaOptions, logging, '-cp', join(binaries.libs, '*'), ...parameters]
  const script = 'echo $$ > "$0/pid" && exec "$@"'
  const child = spawn('sh', ['-c', script, folder, ...command], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    // nothing of the caller's, which could change the server
    env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' },
  })
  await log.close()
  return child
}

const briefly = { retry: { retries: 0 }, connectionTimeout: 5000, requestTimeout: 5000 }

/** Until a client finds the broker in what it says of its cluster. */
async function untilReady(server: ChildProcess, client: Kafka, folder: string): Promise<void> {
  const answered = await eventually(
    async () => {
      if (hasEnded(server)) return 'ended'
      return (await isReady(client)) && 'answered'
    },
    { timeoutMs: 120_000, every: 50, about: 'The start of Kafka' },
  )
  if (answered === 'ended') throw new Error(`Kafka did not start: ${await lastLines(folder)}`)
}

async function isReady(client: Kafka): Promise<boolean> {
  const admin = client.admin()
  try {
    await admin.connect()
    return (await admin.describeCluster()).brokers.length > 0
  } finally {
    await admin.disconnect()
  }
}

async function lastLines(folder: string): Promise<string> {
  const said = await readFile(join(folder, 'server.log'), 'utf8')
  return said.trim().split('\n').slice(-15).join('\n')
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null
}
