import type { Config } from '../config/fields.ts'
import { PgstreamError } from '../errors.ts'
import type { KafkaConnectionOptions, KafkaLogin, KafkaTls } from '../kafka/kafka-connection.ts'
import type { Logger } from '../telemetry/logger.ts'
import { readPem } from './pem-file.ts'

/** Whether the settings make Kafka the source, and which topic they make it write, if any. */
export interface KafkaRoles {
  readonly reads: boolean
  readonly writesTo: string | null
}

/**
 * A topic without a consumer group is written; with one it is read, and another is written if that is named.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when what is set cannot work.
 */
export function kafkaRoles({ kafka, kafkaListener, kafkaWriter }: Config): KafkaRoles {
  const reads = kafkaListener.groupId !== undefined
  const writesTo = kafkaWriter.topic ?? (reads ? null : (kafka.topic ?? null))
  const { servers = [] } = kafka
  if (!reads && writesTo === null) {
    if (servers.length > 0) throw invalid('PGSTREAM_KAFKA_TOPIC_NAME is not set')
    return { reads, writesTo }
  }
  if (servers.length === 0) throw invalid('PGSTREAM_KAFKA_SERVERS is not set')
  if (reads && kafka.topic === undefined) throw invalid('PGSTREAM_KAFKA_TOPIC_NAME is not set')
  if (reads && writesTo === kafka.topic) {
    throw invalid('PGSTREAM_KAFKA_WRITER_TOPIC_NAME is the topic that is read: that would go round for ever')
  }
  return { reads, writesTo }
}

/**
 * How to reach the servers.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for a server without a port, half a login, half a certificate, or one that cannot be read.
 */
export function kafkaConnection(config: Config, logger: Logger): KafkaConnectionOptions {
  const { clientId } = config.kafka
  return { servers: kafkaServers(config), clientId, tls: kafkaTls(config), sasl: kafkaLogin(config), logger }
}

/** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for one that is not host:port. */
export function kafkaServers({ kafka: { servers = [] } }: Config): readonly string[] {
  for (const server of servers) {
    const [, port] = /^[^\s:/@]+:(\d{1,5})$/.exec(server) ?? []
    if (port !== undefined && Number(port) >= 1 && Number(port) <= 65_535) continue
    // what stands before an @ may be a password
    const shown = server.includes('@') ? 'a part of the value' : JSON.stringify(server)
    throw invalid(`PGSTREAM_KAFKA_SERVERS: ${shown} is not host:port, such as localhost:9092`)
  }
  return servers
}

/** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for a part of a login. */
export function kafkaLogin({ kafka }: Config): KafkaLogin | undefined {
  const { saslMechanism: mechanism, saslUsername: username, saslPassword: password } = kafka
  if (mechanism !== undefined && (username === undefined || password === undefined)) {
    throw invalid(
      'PGSTREAM_KAFKA_SASL_MECHANISM needs PGSTREAM_KAFKA_SASL_USERNAME and PGSTREAM_KAFKA_SASL_PASSWORD',
    )
  }
  if (mechanism === undefined && (username !== undefined || password !== undefined)) {
    throw invalid(
      'PGSTREAM_KAFKA_SASL_USERNAME and PGSTREAM_KAFKA_SASL_PASSWORD need PGSTREAM_KAFKA_SASL_MECHANISM',
    )
  }
  return mechanism !== undefined && username !== undefined && password !== undefined
    ? { mechanism, username, password }
    : undefined
}

/** @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for half a certificate, or one that cannot be read. */
export function kafkaTls({ kafka }: Config): KafkaTls | false {
  const { tls, caFile, certFile, keyFile } = kafka
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw invalid(
      'PGSTREAM_KAFKA_TLS_CLIENT_CERT_FILE and PGSTREAM_KAFKA_TLS_CLIENT_KEY_FILE need each other',
    )
  }
  return (
    tls && {
      ca: readPem(caFile, 'PGSTREAM_KAFKA_TLS_CA_CERT_FILE'),
      cert: readPem(certFile, 'PGSTREAM_KAFKA_TLS_CLIENT_CERT_FILE'),
      key: readPem(keyFile, 'PGSTREAM_KAFKA_TLS_CLIENT_KEY_FILE'),
    }
  )
}

const invalid = (what: string): PgstreamError => new PgstreamError('PGSTREAM_CONFIG_INVALID', `${what}.`)
