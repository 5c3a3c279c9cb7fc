import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Kafka } from 'kafkajs'
import { freePort } from './free-port.ts'
import { endJavaOf, runJava, startJavaServer } from './java-server.ts'
import type { JavaProgram, Restartable } from './java-server.ts'
import type { KafkaBinaries } from './kafka-binaries.ts'
import { kafkaClient } from './kafka-client.ts'
import { recordOfProtocols } from './kafka-servers.ts'
import type { KafkaServers } from './kafka-servers.ts'
import { formatParameters, kafkaUser, loggingProperties, serverProperties } from './kafka-settings.ts'
import type { BrokerPlace } from './kafka-settings.ts'
import { makeTlsFiles } from './kafka-tls.ts'
import { atTheEnd } from './watchdog.ts'

/** A broker of our own in a temporary folder. Disposing ends it and removes the folder. */
export interface KafkaBroker extends Restartable, AsyncDisposable {
  readonly servers: KafkaServers
  /** Its configuration, log and data. */
  readonly folder: string
  /** host:port of its controller, for a second broker to join. */
  readonly controller: string
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

/** C1 alone and one thread for garbage: a broker that lives for a minute on two cores starts three times sooner. */
const startsSoon = ['-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Djava.awt.headless=true']

export async function startBroker(
  binaries: KafkaBinaries,
  options: BrokerOptions = {},
): Promise<KafkaBroker> {
  const folder = await mkdtemp(join(tmpdir(), 'pgstream-kafka-'))
  const end = atTheEnd(endJavaOf, [folder])
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
    await runJava('The tool that formats the folder of Kafka', format(binaries, folder, config))
    const internal = { brokers: [`127.0.0.1:${ports.INTERNAL}`] }
    const client = kafkaClient(servers, 'PLAINTEXT', { ...internal, ...briefly })
    const server = program(binaries, folder, ['kafka.Kafka', config], options.javaOptions)
    return {
      ...(await startJavaServer('Kafka', server, () => isReady(client))),
      servers,
      folder,
      controller: controller ?? `127.0.0.1:${ports.CONTROLLER}`,
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

const format = (binaries: KafkaBinaries, folder: string, config: string): JavaProgram =>
  program(binaries, folder, ['kafka.tools.StorageTool', ...formatParameters(config)])

function program(
  { java, libs }: KafkaBinaries,
  folder: string,
  parameters: readonly string[],
  javaOptions: readonly string[] = startsSoon,
): JavaProgram {
  const logging = `-Dlog4j2.configurationFile=${join(folder, 'log4j2.properties')}`
  return { java, folder, parameters: [...javaOptions, logging, '-cp', join(libs, '*'), ...parameters] }
}

const briefly = { retry: { retries: 0 }, connectionTimeout: 5000, requestTimeout: 5000 }

/** Whether a client finds the broker in what it says of its cluster. */
async function isReady(client: Kafka): Promise<boolean> {
  const admin = client.admin()
  try {
    await admin.connect()
    return (await admin.describeCluster()).brokers.length > 0
  } finally {
    await admin.disconnect()
  }
}
