import { kafkaProtocols } from './kafka-servers.ts'
import type { KafkaProtocol } from './kafka-servers.ts'

/** Known to every broker that the tests start. */
export const kafkaUser = { username: 'test', password: 'hush-kafka' }

export interface BrokerPlace {
  /** Those of the tests' listeners, and of two that only the broker itself uses. */
  readonly ports: Readonly<Record<KafkaProtocol | 'INTERNAL' | 'CONTROLLER', number>>
  /** The address that the tests' listeners are bound to; clients come to 127.0.0.1. */
  readonly bind: string
  /** Folder of the topics. */
  readonly data: string
  /** PEM file with key and certificate. */
  readonly certificate: string
  /** host:port that clients are told instead, for instance of a proxy. */
  readonly advertised?: Partial<Readonly<Record<KafkaProtocol, string>>>
  /** host:port of the controller whose cluster this broker joins; without, it has one of its own. */
  readonly controller?: string
}

/**
 * Few threads and partitions, because the broker is alone on a small machine; no waits for companions that never come;
 * topics only when asked for, because a misspelled one would otherwise be made.
 */
const settings: Readonly<Record<string, string>> = {
  'process.roles': 'broker,controller',
  'node.id': '1',
  'controller.listener.names': 'CONTROLLER',
  'inter.broker.listener.name': 'INTERNAL',
  'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
  'ssl.keystore.type': 'PEM',
  'auto.create.topics.enable': 'false',
  'group.initial.rebalance.delay.ms': '0',
  'group.min.session.timeout.ms': '1000',
  'offsets.topic.num.partitions': '4',
  'offsets.topic.replication.factor': '1',
  'transaction.state.log.num.partitions': '4',
  'transaction.state.log.replication.factor': '1',
  'transaction.state.log.min.isr': '1',
  'share.coordinator.state.topic.num.partitions': '1',
  'share.coordinator.state.topic.replication.factor': '1',
  'share.coordinator.state.topic.min.isr': '1',
  'num.network.threads': '2',
  'num.io.threads': '2',
  'log.cleaner.dedupe.buffer.size': '16777216',
  'log.segment.bytes': '134217728',
  // a killed broker is let in again when its session has expired and its controller has elected itself
  'broker.session.timeout.ms': '2000',
  'broker.heartbeat.interval.ms': '500',
  'controller.quorum.election.timeout.ms': '100',
}

/** The text of server.properties; `changes` come last and win. */
export function serverProperties(place: BrokerPlace, changes: Readonly<Record<string, string>> = {}): string {
  const { ports, bind, advertised } = place
  const internal = `INTERNAL://127.0.0.1:${ports.INTERNAL}`
  const own = `127.0.0.1:${ports.CONTROLLER}`
  const isSecond = place.controller !== undefined
  const listener = (protocol: KafkaProtocol): string => `${protocol}://${bind}:${ports[protocol]}`
  const told = (protocol: KafkaProtocol): string =>
    `${protocol}://${advertised?.[protocol] ?? `127.0.0.1:${ports[protocol]}`}`
  const same = kafkaProtocols.map((protocol) => `${protocol}:${protocol}`)
  const all: Record<string, string> = {
    ...settings,
    ...(isSecond ? { 'process.roles': 'broker', 'node.id': '2' } : {}),
    listeners: [...kafkaProtocols.map(listener), internal, ...(isSecond ? [] : [`CONTROLLER://${own}`])].join(
      ',',
    ),
    'advertised.listeners': [...kafkaProtocols.map(told), internal].join(','),
    'listener.security.protocol.map': [...same, 'INTERNAL:PLAINTEXT', 'CONTROLLER:PLAINTEXT'].join(','),
    'controller.quorum.voters': `1@${place.controller ?? own}`,
    'log.dirs': place.data,
    'ssl.keystore.location': place.certificate,
    ...logins('sasl_plaintext'),
    ...logins('sasl_ssl'),
    ...changes,
  }
  return Object.entries(all)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** Users of SCRAM are kept by the broker itself, from the formatting of its folder on: `scramUsers`. */
function logins(listener: string): Record<string, string> {
  const { username, password } = kafkaUser
  const of = (mechanism: string): string => `listener.name.${listener}.${mechanism}.sasl.jaas.config`
  const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule required;'
  return {
    [of('plain')]:
      `org.apache.kafka.common.security.plain.PlainLoginModule required user_${username}="${password}";`,
    [of('scram-sha-256')]: scram,
    [of('scram-sha-512')]: scram,
  }
}

/** Parameters of Kafka's storage tool. */
export function formatParameters(configFile: string): string[] {
  const { username, password } = kafkaUser
  const users = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${username},password=${password}]`,
  ])
  return ['format', '--cluster-id', 'cGdzdHJlYW0tdGVzdHMtMA', '--config', configFile, ...users]
}

/** Of log4j: to standard output, and only what may matter when something went wrong. */
export const loggingProperties = `status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %m (%c{1})%n
rootLogger.level=WARN
rootLogger.appenderRef.out.ref=out
`
