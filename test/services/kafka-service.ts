import kafkajs from 'kafkajs'
import { findKafka, kafkaVersion } from './kafka-binaries.ts'
import { startBroker } from './kafka-broker.ts'
import { kafkaClient } from './kafka-client.ts'
import { startKafkaContainer } from './kafka-container.ts'
import { kafkaEnvironment, kafkaFromEnvironment, kafkaProtocols } from './kafka-servers.ts'
import type { KafkaServers } from './kafka-servers.ts'
import { Unavailable } from './service.ts'
import type { Service, StartedService } from './service.ts'

/** What tests count on, as the broker itself reports it. */
const expected: Readonly<Record<string, string>> = {
  'auto.create.topics.enable': 'false',
  'group.min.session.timeout.ms': '1000',
}

/** One broker with four listeners, announced as PGSTREAM_TEST_KAFKA_SERVERS and its companions. */
export function kafkaService(): Service {
  return {
    name: 'Kafka',
    usedThrough: 'test/support/kafka.ts',
    providers: [
      {
        way: 'environment',
        start: async () => {
          const servers = kafkaFromEnvironment()
          if (!servers) throw new Unavailable('PGSTREAM_TEST_KAFKA_SERVERS is not set')
          return describeBroker({ servers, about: 'from PGSTREAM_TEST_KAFKA_SERVERS' })
        },
      },
      {
        way: 'Docker',
        start: async () => {
          const container = await startKafkaContainer()
          return describeBroker({ ...container, about: `${kafkaVersion} from Docker`, end: container })
        },
      },
      {
        way: 'local process',
        start: async () => {
          const broker = await startBroker(await findKafka())
          const about = `${kafkaVersion} from Maven Central`
          return describeBroker({ servers: broker.servers, about, end: broker })
        },
      },
    ],
  }
}

async function describeBroker(broker: {
  servers: KafkaServers
  about: string
  end?: AsyncDisposable
}): Promise<StartedService> {
  const { servers, about, end } = broker
  try {
    await Promise.all(kafkaProtocols.map((protocol) => checkListener(servers, protocol)))
  } catch (error) {
    await end?.[Symbol.asyncDispose]()
    const sentence = error instanceof Error ? error.message : String(error)
    throw new Error(`The Kafka ${about} cannot be used: ${sentence}`, { cause: error })
  }
  return {
    about: `${about} on ${servers.address.PLAINTEXT}`,
    environment: kafkaEnvironment(servers),
    lacks: [],
    [Symbol.asyncDispose]: async () => end?.[Symbol.asyncDispose](),
  }
}

async function checkListener(
  servers: KafkaServers,
  protocol: (typeof kafkaProtocols)[number],
): Promise<void> {
  const admin = kafkaClient(servers, protocol, { retry: { retries: 2 } }).admin()
  try {
    await admin.connect()
    const broker = (await admin.describeCluster()).brokers[0]
    const names = Object.keys(expected)
    const resource = {
      type: kafkajs.ConfigResourceTypes.BROKER,
      name: String(broker?.nodeId),
      configNames: names,
    }
    const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [resource] })
    for (const { configName, configValue } of resources[0]?.configEntries ?? []) {
      const wanted = expected[configName] ?? ''
      if (configValue !== wanted) throw new Error(`its ${configName} is ${configValue}, not ${wanted}`)
    }
  } catch (error) {
    const sentence = error instanceof Error ? error.message : String(error)
    throw new Error(`${protocol}: ${sentence}`, { cause: error })
  } finally {
    await admin.disconnect()
  }
}
