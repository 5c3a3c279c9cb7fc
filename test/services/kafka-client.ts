import { readFileSync } from 'node:fs'
import { Kafka, logLevel } from 'kafkajs'
import type { KafkaConfig, SASLOptions } from 'kafkajs'
import type { KafkaProtocol, KafkaServers } from './kafka-servers.ts'

/** A client of kafkajs that logs nothing. `changes` are settings of kafkajs. */
export function kafkaClient(
  servers: KafkaServers,
  protocol: KafkaProtocol = 'PLAINTEXT',
  changes: Partial<KafkaConfig> = {},
): Kafka {
  const { username, password } = servers
  const sasl: SASLOptions = { mechanism: 'plain', username, password }
  return new Kafka({
    brokers: [servers.address[protocol]],
    clientId: 'pgstream-test',
    logLevel: logLevel.NOTHING,
    ...(protocol.startsWith('SASL') ? { sasl } : {}),
    ...(protocol.endsWith('SSL') ? { ssl: { ca: [readFileSync(servers.caFile, 'utf8')] } } : {}),
    ...changes,
  })
}
