import { PgstreamError } from '../errors.ts'
import { foreignMessage } from '../telemetry/foreign-message.ts'

/** An answer of the search store that is no success, or none (`status` 0). */
export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly status: number
  /** As the store calls it, such as `mapper_parsing_exception`; of the innermost cause if it says so. */
  readonly type: string
  /** May hold values of rows: never for a log. */
  readonly reason: string

  constructor(status: number, type: string, reason: string, cause?: unknown) {
    super(
      `${status === 0 ? 'no answer' : `status ${status}`} ${type}`,
      cause === undefined ? undefined : { cause },
    )
    this.status = status
    this.type = type
    this.reason = reason
  }
}

const foreignType = 'foreign_answer'

/** For an answer that no store gives. `sentence` says what came, and nothing of its content. */
export const foreignAnswer = (sentence: string): StoreError => new StoreError(0, foreignType, sentence)

/** A proxy may give some while it starts: tried again for a while only, since a wrong address gives nothing else. */
export const isForeign = ({ type }: StoreError): boolean => type === foreignType

/** Whether the same may work later without anybody changing anything but the state of the store. */
export const isPassing = (status: number, type: string): boolean =>
  status === 0 || status === 408 || status === 429 || status >= 500 || (status === 403 && blocks.has(type))

/** A full disk, or somebody who made an index read-only. */
const blocks: ReadonlySet<string> = new Set(['cluster_block_exception', 'index_create_block_exception'])

/** What may be said of a refused document: the kind of failure and the field, and no value. */
export function withoutValues(type: string, reason: string): string {
  const field = /field \[([^\]]*)\](?: of type \[([^\]]*)\])?/.exec(reason)
  if (!field) return type
  return `${type} at field ${field[1]!}${field[2] === undefined ? '' : ` of type ${field[2]}`}`
}

/** The error of ours for one of the store, for whoever ends because of it. */
export function asSearchError(error: unknown, doing: string): PgstreamError {
  if (error instanceof PgstreamError) return error
  if (!(error instanceof StoreError)) {
    return new PgstreamError('PGSTREAM_INTERNAL', `${doing} failed: ${foreignMessage(error)}.`, {
      cause: error,
    })
  }
  const { status, type, reason } = error
  const said = status === 0 ? reason : withoutValues(type, reason)
  const code =
    status === 401 || (status === 403 && !blocks.has(type))
      ? 'PGSTREAM_SEARCH_REFUSED'
      : isPassing(status, type)
        ? 'PGSTREAM_SEARCH_UNREACHABLE'
        : 'PGSTREAM_SEARCH_INDEX'
  const sentence = `${doing} failed: ${status === 0 ? '' : `status ${status}, `}${said.trim()}.`
  const remedy = isForeign(error) ? foreignRemedy : isTls(error) ? tlsRemedy : undefined
  return new PgstreamError(code, sentence, { cause: error, ...(remedy ? { remedy } : {}) })
}

const isTls = ({ status, reason }: StoreError): boolean =>
  status === 0 && /certificate|altnames|\bTLS\b|\bSSL\b|EPROTO/i.test(reason)

const tlsRemedy =
  'Check whether PGSTREAM_SEARCH_STORE_URL has to begin with http:// or https://, and the certificates (PGSTREAM_SEARCH_STORE_TLS_CA_CERT_FILE).'
const foreignRemedy =
  'Check PGSTREAM_SEARCH_STORE_URL, and what stands before the store: a proxy, a load balancer, a page to sign in. Then start pgstream again: it goes on at the same place.'
