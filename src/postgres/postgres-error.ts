import { PgstreamError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { foreignMessage } from '../telemetry/foreign-message.ts'

const notUtf8 =
  'A text in the database is not UTF-8, which one in SQL_ASCII may hold. Move the data to a database in UTF8 (pg_dump --encoding with the true one). To go on behind this transaction: pgstream tear-down, pgstream init.'

/** Of Postgres: looks at wal_level, and before version 16 at whether the server is a standby. */
const logicalRequirements = 'CheckLogicalDecodingRequirements'

/** Whom an error is about; a `pg.Client` and a `PostgresConfig` are both such. */
export interface ServerName {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly database?: string | undefined
  readonly user?: string | undefined
}

interface Verdict {
  code: ErrorCode
  remedy?: string
}

interface ServerError {
  code: string
  message: string
  routine: string
}

/**
 * The error of ours for one of `pg`: a code, what was being done (`connecting`, `creating the slot "x"`), to which
 * server, and what Postgres or the network said of it. Errors of ours pass unchanged. Never holds the password.
 */
export function fromPostgres(cause: unknown, doing: string, server?: ServerName): PgstreamError {
  if (cause instanceof PgstreamError) return cause
  const where = server?.host === undefined ? '' : ` (${describeServer(server)})`
  const said = foreignMessage(cause).replace(/\.$/, '')
  const error = asServerError(cause)
  const verdict = error ? judgeServerError(error) : judgeNetworkError(cause)
  const sentence = `${capitalised(doing)} failed${where}: ${said}${error ? ` (${error.code})` : ''}.`
  const { code, remedy } = verdict ?? { code: 'PGSTREAM_INTERNAL' }
  return new PgstreamError(code, sentence, { cause, ...(remedy === undefined ? {} : { remedy }) })
}

/** `database "shop" at db.example:5432 as user "ann"`. */
function describeServer({ host, port, database, user }: ServerName): string {
  const place = host?.startsWith('/')
    ? `${host} port ${port ?? 5432}`
    : `${host ?? 'localhost'}:${port ?? 5432}`
  return `database ${JSON.stringify(database ?? '')} at ${place} as user ${JSON.stringify(user ?? '')}`
}

/** The five-letter code of an error that Postgres itself reported. */
export function sqlState(error: unknown): string | undefined {
  return asServerError(error)?.code
}

/**
 * Decided by SQLSTATE and by the function that raised it, both the same in every language of the server; of its message
 * only names of settings count.
 */
function judgeServerError({ code, message, routine }: ServerError): Verdict | undefined {
  switch (code) {
    case '28P01':
      return { code: 'PGSTREAM_SOURCE_REFUSED', remedy: 'Check the user and the password in the URL.' }
    case '28000':
      return {
        code: 'PGSTREAM_SOURCE_REFUSED',
        remedy: message.includes('pg_hba.conf')
          ? 'Let this user connect from here in the pg_hba.conf of the server (sslmode=require where it wants TLS).'
          : 'Check the user in the URL, and that this role exists and may log in.',
      }
    case '0A000':
      return routine === logicalRequirements ? { code: 'PGSTREAM_SOURCE_STANDBY' } : undefined
    case '25006':
      return {
        code: 'PGSTREAM_SOURCE_STANDBY',
        remedy:
          'Use the URL of the primary; where it is, switch default_transaction_read_only off for this user.',
      }
    case '22021':
      return { code: 'PGSTREAM_SOURCE_UNSUPPORTED', remedy: notUtf8 }
    case '3D000':
      return {
        code: 'PGSTREAM_SOURCE_REFUSED',
        remedy: 'Check the database name in the URL, or create the database.',
      }
    case '42501':
      return routine === 'StartupDecodingContext'
        ? { code: 'PGSTREAM_NO_RIGHT', remedy: allowPlugin }
        : { code: 'PGSTREAM_NO_RIGHT' }
    case '53300':
      return message.includes('max_wal_senders')
        ? { code: 'PGSTREAM_NO_FREE_SLOT' }
        : {
            code: 'PGSTREAM_SOURCE_UNREACHABLE',
            remedy: 'Close connections that nobody needs, or raise max_connections and restart Postgres.',
          }
    case '53000':
    case '53100':
    case '53200':
    case '58030':
      return { code: 'PGSTREAM_SOURCE_EXHAUSTED' }
    case 'XX000':
      return /alloc|SizeFailure/.test(routine) ? { code: 'PGSTREAM_ROW_TOO_LARGE' } : undefined
    case '54000':
      return /StringInfo/.test(routine) ? { code: 'PGSTREAM_ROW_TOO_LARGE' } : undefined
    case '53400':
      return { code: 'PGSTREAM_NO_FREE_SLOT' }
    case '57014':
      return {
        code: 'PGSTREAM_SOURCE_UNREACHABLE',
        remedy:
          'Somebody cancelled it (pg_cancel_backend), or it took longer than the statement_timeout of the user.',
      }
    case '55006':
      return /slot/i.test(routine) ? { code: 'PGSTREAM_SLOT_ACTIVE' } : undefined
    case '55000':
      return judgePrerequisite(message, routine)
    case '42704':
      return judgeMissingObject(routine)
    case '58P01':
      return /library/i.test(routine)
        ? {
            code: 'PGSTREAM_SOURCE_UNSUPPORTED',
            remedy:
              'Install the package of the output plugin on the server, or use pgoutput, which needs none.',
          }
        : { code: 'PGSTREAM_SLOT_INVALID' }
    case '3F000':
    case '42P01':
    case '42883':
      return message.includes('pgstream') ? { code: 'PGSTREAM_NOT_INITIALIZED' } : undefined
    case '08P01':
      return message.includes('startup parameter')
        ? {
            code: 'PGSTREAM_SOURCE_UNREACHABLE',
            remedy: 'Connect to Postgres itself: a pooler such as PgBouncer cannot carry replication.',
          }
        : { code: 'PGSTREAM_PROTOCOL' }
    default:
      return /^08|^57P/.test(code) ? { code: 'PGSTREAM_SOURCE_UNREACHABLE' } : undefined
  }
}

const allowPlugin =
  "Let a superuser add the plugin to what show output_plugin_libraries lists: alter system set output_plugin_libraries = 'pgoutput', 'test_decoding', 'wal2json' (each in quotes of its own), then select pg_reload_conf(). Or use pgoutput."

function judgePrerequisite(message: string, routine: string): Verdict | undefined {
  if (message.includes('wal_level') || routine === logicalRequirements) {
    return { code: 'PGSTREAM_WAL_LEVEL' }
  }
  if (routine === 'CheckMyDatabase') {
    return {
      code: 'PGSTREAM_SOURCE_UNREACHABLE',
      remedy: 'Let the database be connected to: alter database … allow_connections true.',
    }
  }
  return /slot|decoding|LogicalReplication/i.test(routine) ? { code: 'PGSTREAM_SLOT_INVALID' } : undefined
}

function judgeMissingObject(routine: string): Verdict | undefined {
  if (/slot/i.test(routine)) return { code: 'PGSTREAM_SLOT_MISSING' }
  return /publication/i.test(routine) ? { code: 'PGSTREAM_NOT_INITIALIZED' } : undefined
}

function judgeNetworkError(cause: unknown): Verdict | undefined {
  if (!(cause instanceof Error)) return undefined
  if (/\bSSL\b|\bTLS\b|certificate/i.test(cause.message)) {
    return {
      code: 'PGSTREAM_SOURCE_UNREACHABLE',
      remedy: 'Check sslmode and sslrootcert in the URL: sslmode=disable where the server has no TLS.',
    }
  }
  if (networkCode(cause) === 'ENOTFOUND') {
    return { code: 'PGSTREAM_SOURCE_UNREACHABLE', remedy: 'Check the host name in the URL.' }
  }
  if (cause.message.startsWith('SASL:')) {
    return {
      code: 'PGSTREAM_SOURCE_REFUSED',
      remedy: 'Put the password of the user into the URL, or into PGPASSWORD.',
    }
  }
  const lost =
    /^Connection terminated|^timeout expired|^Query read timeout|not queryable|Client was closed/i.test(
      cause.message,
    )
  return lost || networkCode(cause) ? { code: 'PGSTREAM_SOURCE_UNREACHABLE' } : undefined
}

/** `ECONNREFUSED` and the like; several addresses of one host fail as one AggregateError. */
function networkCode(error: Error): string {
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' && /^E[A-Z_]+$/.test(code) ? code : ''
}

function asServerError(error: unknown): ServerError | undefined {
  if (!(error instanceof Error) || !('severity' in error) || !('code' in error)) return undefined
  const routine = 'routine' in error ? error.routine : ''
  return {
    code: String(error.code),
    message: error.message,
    routine: typeof routine === 'string' ? routine : '',
  }
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
