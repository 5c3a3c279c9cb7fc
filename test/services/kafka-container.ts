import { chmod, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startContainer } from './docker.ts'
import { kafkaVersion } from './kafka-binaries.ts'
import { brokerPorts } from './kafka-broker.ts'
import { recordOfProtocols } from './kafka-servers.ts'
import type { KafkaServers } from './kafka-servers.ts'
import { formatParameters, kafkaUser, serverProperties } from './kafka-settings.ts'
import { makeTlsFiles } from './kafka-tls.ts'
import { atTheEnd } from './watchdog.ts'

/** Where compose.yaml has the folder with the configuration. */
const inside = '/pgstream-test'

/**
 * The broker of compose.yaml, set up like one of our own. Its ports are chosen here and not by Docker, because a broker
 * tells its clients where to come.
 */
export async function startKafkaContainer(): Promise<{ servers: KafkaServers } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'pgstream-kafka-'))
  const removed = atTheEnd('rm -rf "$1"', [folder])
  try {
    const { caFile } = await makeTlsFiles(folder)
    const ports = await brokerPorts()
    const certificate = `${inside}/server.pem`
    const place = { ports, bind: '0.0.0.0', data: '/tmp/kafka-data', certificate }
    await writeFile(join(folder, 'server.properties'), serverProperties(place))
    await chmod(folder, 0o755) // the container's user is another
    await chmod(join(folder, 'server.pem'), 0o644)
    const container = await startContainer({
      service: 'kafka',
      project: 'kafka',
      port: ports.PLAINTEXT,
      variables: {
        PGSTREAM_COMPOSE_KAFKA_VERSION: kafkaVersion,
        PGSTREAM_COMPOSE_KAFKA_FOLDER: folder,
        PGSTREAM_COMPOSE_KAFKA_FORMAT: formatParameters(`${inside}/server.properties`).join(' '),
        ...Object.fromEntries(
          Object.entries(ports).map(([name, port]) => [`PGSTREAM_COMPOSE_KAFKA_${name}`, String(port)]),
        ),
      },
    })
    return {
      servers: {
        address: recordOfProtocols((protocol) => `127.0.0.1:${ports[protocol]}`),
        caFile,
        ...kafkaUser,
      },
      [Symbol.asyncDispose]: async () => {
        await container[Symbol.asyncDispose]()
        await removed[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await removed[Symbol.asyncDispose]()
    throw error
  }
}
