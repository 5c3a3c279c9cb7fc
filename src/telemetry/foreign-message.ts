import { constants } from 'node:os'

/**
 * What may be said of an error that is not ours. Messages of the engine, of drivers and of a user's own code may quote a
 * row value (`Unexpected token 'A', "Ann Lee" is not valid JSON`) or a secret, so only those are repeated that are known
 * to hold none; of others the kind is told, and where they come from by their stack.
 */
export function foreignMessage(error: unknown): string {
  if (!(error instanceof Error)) return 'something was thrown that is no Error'
  return (
    knownMessage(error) ?? `${kindOf(error)}, whose message is not shown because it may hold values of rows`
  )
}

/** The message of an error that is known to hold no value of a row, or what such a message begins with; else nothing. */
export function knownMessage(error: Error): string | undefined {
  if (error.message === '') return kindOf(error)
  if (isKnown(error)) return error.message
  const [start] = ofSourceText.exec(error.message) ?? []
  return start && `${error.name}: ${start}`
}

export function codeOf(error: Error): string | undefined {
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** A host with several addresses fails with an AggregateError that has a code and no message. */
function kindOf(error: Error): string {
  const code = codeOf(error)
  if (code === undefined) return error.name
  return error.message === '' ? code : `${error.name} ${code}`
}

/** What the engine says of a piece of our own source text; what it quotes behind that may be data. */
const ofSourceText =
  /^(?:Cannot (?:read|set) properties of (?:undefined|null)(?= \()|[\w$.#]+(?:\(\.\.\.\))? is not (?:a function|a constructor|iterable|defined)\b)/

function isKnown(error: Error): boolean {
  const code = codeOf(error) ?? ''
  if (error.name.startsWith('KafkaJS')) return isOfKafka(error)
  return (
    'syscall' in error ||
    code in constants.errno ||
    codesOfConnections.test(code) ||
    namesOfConnections.test(error.name) ||
    ('severity' in error
      ? !code.startsWith('22') || code === invalidParameter
      : sentencesOfPg.test(error.message))
  )
}

/** kafkajs repeats the message of whatever was thrown within its calls. */
function isOfKafka({ cause, message }: Error): boolean {
  return !(cause instanceof Error) || !message.includes(cause.message) || knownMessage(cause) !== undefined
}

/** Of DNS, of TLS, of undici, of HTTP that cannot be parsed, and of what was given up. */
const codesOfConnections =
  /^(?:ENOTFOUND$|EAI_|CERT_|ERR_TLS_|ERR_SSL_|ERR_OSSL_|SELF_SIGNED_|DEPTH_ZERO_|UNABLE_TO_|HOSTNAME_MISMATCH|UND_ERR_|HPE_|ABORT_ERR$)/

/** `StoreError` is ours and leaves out what the store quotes; the others are of clients that had no answer. */
const namesOfConnections = /^(?:StoreError|AbortError|TimeoutError|ConnectionError|NoLivingConnectionsError)$/

/** Of the class of data exceptions the only one that quotes settings and not data. */
const invalidParameter = '22023'

const sentencesOfPg =
  /^(?:Connection terminated|timeout expired$|Query read timeout$|Client (?:was closed|has encountered)|The server does not support SSL|There was an error establishing an SSL|SASL: )/
