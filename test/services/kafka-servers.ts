/** The listeners that the tests expect of a broker, by the names that Kafka has for what is spoken there. */
export const kafkaProtocols = ['PLAINTEXT', 'SASL_PLAINTEXT', 'SASL_SSL', 'SSL'] as const
export type KafkaProtocol = (typeof kafkaProtocols)[number]

/** How clients reach a broker, and what lets them in. */
export interface KafkaServers {
  /** host:port of each listener. */
  readonly address: Readonly<Record<KafkaProtocol, string>>
  /** PEM, of the authority that signed the certificate of the listeners with TLS. */
  readonly caFile: string
  /** Accepted with PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  readonly username: string
  readonly password: string
}

const variable = 'PGSTREAM_TEST_KAFKA_SERVERS'

/** As `kafkaEnvironment` put it there; undefined where nothing is. */
export function kafkaFromEnvironment(): KafkaServers | undefined {
  const listeners = process.env[variable]
  if (!listeners) return undefined
  const addressOf = (protocol: KafkaProtocol): string => {
    const listener = listeners.split(',').find((text) => text.startsWith(`${protocol}://`))
    if (!listener) throw new Error(`${variable} names no ${protocol}://host:port`)
    return listener.slice(`${protocol}://`.length)
  }
  return {
    address: recordOfProtocols(addressOf),
    caFile: needed('PGSTREAM_TEST_KAFKA_CA_FILE'),
    username: needed('PGSTREAM_TEST_KAFKA_USERNAME'),
    password: needed('PGSTREAM_TEST_KAFKA_PASSWORD'),
  }
}

export function kafkaEnvironment(servers: KafkaServers): Record<string, string> {
  const listeners = kafkaProtocols.map((protocol) => `${protocol}://${servers.address[protocol]}`)
  return {
    [variable]: listeners.join(','),
    PGSTREAM_TEST_KAFKA_CA_FILE: servers.caFile,
    PGSTREAM_TEST_KAFKA_USERNAME: servers.username,
    PGSTREAM_TEST_KAFKA_PASSWORD: servers.password,
  }
}

export function recordOfProtocols<T>(value: (protocol: KafkaProtocol) => T): Record<KafkaProtocol, T> {
  return {
    PLAINTEXT: value('PLAINTEXT'),
    SASL_PLAINTEXT: value('SASL_PLAINTEXT'),
    SASL_SSL: value('SASL_SSL'),
    SSL: value('SSL'),
  }
}

function needed(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${variable} is set and ${name} is not`)
  return value
}
