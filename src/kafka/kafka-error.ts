import { PgstreamError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { foreignMessage, knownMessage } from '../telemetry/foreign-message.ts'

/** What errors of kafkajs have besides their message. */
interface ClientError extends Error {
  readonly type?: string
  readonly retriable?: boolean
  readonly originalError?: unknown
  /** Of one that stands for several: of topics that could not be made. */
  readonly errors?: readonly unknown[]
}

const codes: Readonly<Record<string, ErrorCode>> = {
  MESSAGE_TOO_LARGE: 'PGSTREAM_KAFKA_MESSAGE_TOO_LARGE',
  RECORD_LIST_TOO_LARGE: 'PGSTREAM_KAFKA_MESSAGE_TOO_LARGE',
  SASL_AUTHENTICATION_FAILED: 'PGSTREAM_KAFKA_REFUSED',
  UNSUPPORTED_SASL_MECHANISM: 'PGSTREAM_KAFKA_REFUSED',
  TOPIC_AUTHORIZATION_FAILED: 'PGSTREAM_KAFKA_REFUSED',
  GROUP_AUTHORIZATION_FAILED: 'PGSTREAM_KAFKA_REFUSED',
  CLUSTER_AUTHORIZATION_FAILED: 'PGSTREAM_KAFKA_REFUSED',
  INVALID_TOPIC_EXCEPTION: 'PGSTREAM_KAFKA_TOPIC',
  ILLEGAL_SASL_STATE: 'PGSTREAM_KAFKA_REFUSED',
  INVALID_SESSION_TIMEOUT: 'PGSTREAM_KAFKA_REFUSED',
  INVALID_PARTITIONS: 'PGSTREAM_KAFKA_TOPIC',
  INVALID_REPLICATION_FACTOR: 'PGSTREAM_KAFKA_TOPIC',
  INVALID_CONFIG: 'PGSTREAM_KAFKA_TOPIC',
  POLICY_VIOLATION: 'PGSTREAM_KAFKA_TOPIC',
}

const tooFewReplicas =
  'See that the brokers of the topic run: fewer of its replicas are in sync than its min.insync.replicas asks for.'

/** Where another than that of the code helps. */
const remedies: Readonly<Record<string, string>> = {
  INVALID_TOPIC_EXCEPTION: 'Name a topic by letters, digits, dots, _ and -, 249 at the most.',
  ILLEGAL_SASL_STATE:
    'Leave PGSTREAM_KAFKA_SASL_MECHANISM out, or name the port that takes logins: this one takes none.',
  INVALID_SESSION_TIMEOUT:
    'Set PGSTREAM_KAFKA_READER_SESSION_TIMEOUT to what the brokers allow, 6 seconds to 30 minutes unless that was changed.',
  NOT_ENOUGH_REPLICAS: tooFewReplicas,
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: tooFewReplicas,
}

/** The same would be refused again. */
const refused = new Set([
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
  'UNSUPPORTED_VERSION',
  'UNSUPPORTED_FOR_MESSAGE_FORMAT',
  'INVALID_REQUEST',
])

/**
 * The error of ours for one of kafkajs, which wraps what happened in what it tried: a code, what was being done and what
 * the broker or the network said. Errors of ours pass unchanged.
 */
export function fromKafka(cause: unknown, doing: string): PgstreamError {
  const chain = causesOf(cause)
  const ours = chain.find((error) => error instanceof PgstreamError)
  if (ours) return ours
  const inner = chain.at(-1)
  const said = foreignMessage(inner ?? cause).replace(/\.$/, '')
  const sentence = `${doing} failed: ${said}.`
  for (const { type, name } of chain) {
    const code = name === 'KafkaJSSASLAuthenticationError' ? 'PGSTREAM_KAFKA_REFUSED' : codes[type ?? '']
    const remedy = remedies[type ?? '']
    if (code) return new PgstreamError(code, sentence, { cause, remedy })
    if (name === 'KafkaJSNotImplemented') {
      return new PgstreamError('PGSTREAM_KAFKA_COMPRESSION', sentence, { cause })
    }
    if (refused.has(type ?? '')) {
      const see = 'See what the broker says in its log, and whether the topic takes such messages.'
      return new PgstreamError('PGSTREAM_KAFKA_REFUSED', sentence, { cause, remedy: see })
    }
  }
  if (saysUnknownTopic(cause)) {
    const remedy = 'See whether the topic is there. Brokers that start do not know it for a moment.'
    return new PgstreamError('PGSTREAM_KAFKA_UNREACHABLE', sentence, { cause, remedy })
  }
  if (
    chain.some(({ message }) => /certificate|\bPEM\b|\bTLS\b|\bSSL\b|wrong version number/i.test(message))
  ) {
    return new PgstreamError('PGSTREAM_KAFKA_UNREACHABLE', sentence, {
      cause,
      remedy: 'Check PGSTREAM_KAFKA_TLS_ENABLED and the certificates, and that the port is one with TLS.',
    })
  }
  // whatever is thrown within a call of kafkajs comes wrapped in one of its own
  const isClients =
    chain.some(({ name }) => name.startsWith('KafkaJS')) && inner && knownMessage(inner) !== undefined
  const code = isClients ? 'PGSTREAM_KAFKA_UNREACHABLE' : 'PGSTREAM_INTERNAL'
  const remedy = chain.map(({ type }) => remedies[type ?? '']).find((known) => known !== undefined)
  return new PgstreamError(code, sentence, { cause, remedy })
}

/** The brokers that were asked do not know the topic. */
export const saysUnknownTopic = (error: unknown): boolean =>
  kafkaTypes(error).includes('UNKNOWN_TOPIC_OR_PARTITION')

/** What brokers call what happened, as kafkajs names it. */
export const kafkaTypes = (error: unknown): string[] => causesOf(error).flatMap(({ type }) => type ?? [])

/** From the outside in. */
function causesOf(error: unknown): ClientError[] {
  const chain: ClientError[] = []
  for (let at = error; at instanceof Error && !chain.includes(at) && chain.length < 10;) {
    chain.push(at)
    const { originalError, errors } = at as ClientError
    at = originalError instanceof Error ? originalError : (errors?.[0] ?? at.cause)
  }
  return chain
}
