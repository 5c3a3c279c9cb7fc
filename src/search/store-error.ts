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

/** An error as the store writes it. */
export interface Caused {
  readonly type?: string
  readonly reason?: string
  readonly index?: string
  readonly caused_by?: Caused
}

/** With the reasons below it, which say more. */
export function reasonOf(error: Caused): string {
  if (error.type === closedType) return `index [${error.index ?? ''}] is closed`
  const reasons: string[] = []
  for (let at: Caused | undefined = error; at && reasons.length < 5; at = at.caused_by) {
    reasons.push(at.reason ?? '')
  }
  return reasons.join(': ')
}

const foreignType = 'foreign_answer'

/** For an answer that no store gives. `sentence` says what came, and nothing of its content. */
export const foreignAnswer = (sentence: string): StoreError => new StoreError(0, foreignType, sentence)

/** A proxy may give some while it starts: tried again for a while only, since a wrong address gives nothing else. */
export const isForeign = ({ type }: StoreError): boolean => type === foreignType

type Failure = Pick<StoreError, 'status' | 'type' | 'reason'>

/** Whether the same may work later without anybody changing anything but the state of the store. */
export const isPassing = (failure: Failure): boolean =>
  failure.status === 0 ||
  failure.status === 408 ||
  failure.status === 429 ||
  failure.status >= 500 ||
  conditionOf(failure) !== undefined

/** What somebody did to a whole index, or the store to all of them: no document is at fault, and no reason has values. */
interface Condition {
  readonly type: string
  /** What the reason begins with, where the type does not say it all. */
  readonly reason?: RegExp
  readonly remedy: string
}

const blockRemedy =
  'Make room on the disks of the store, or take the block away (index.blocks.*, cluster.blocks.*): pgstream goes on then.'
const closedType = 'index_closed_exception'

const conditions: readonly Condition[] = [
  { type: 'cluster_block_exception', remedy: blockRemedy },
  { type: 'index_create_block_exception', remedy: blockRemedy },
  { type: closedType, remedy: 'Open the index (POST <index>/_open): pgstream goes on then.' },
  {
    type: 'illegal_argument_exception',
    reason: /^pipeline with id \[[^\]]*\] does not exist/,
    remedy:
      'Make the ingest pipeline, or take it out of the settings of the index (index.default_pipeline, index.final_pipeline): pgstream goes on then.',
  },
  {
    type: 'illegal_argument_exception',
    reason: /^no write index is defined for alias \[|^alias \[[^\]]*\] has more than one ind/i,
    remedy:
      'Take the alias away from every index but the one that pgstream made (<schema>-<generation>): pgstream goes on then.',
  },
]

const conditionOf = (failure: Failure): Condition | undefined =>
  conditions.find(({ type, reason }) => type === failure.type && (reason?.test(failure.reason) ?? true))

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
  const condition = conditionOf(error)
  const said =
    status === 0 ? reason : condition && reason !== '' ? `${type}: ${reason}` : withoutValues(type, reason)
  const code =
    status === 401 || (status === 403 && !condition)
      ? 'PGSTREAM_SEARCH_REFUSED'
      : isPassing(error)
        ? 'PGSTREAM_SEARCH_UNREACHABLE'
        : 'PGSTREAM_SEARCH_INDEX'
  const sentence = `${doing} failed: ${status === 0 ? '' : `status ${status}, `}${said.trim()}.`
  const remedy = isForeign(error) ? foreignRemedy : isTls(error) ? tlsRemedy : condition?.remedy
  return new PgstreamError(code, sentence, { cause: error, ...(remedy ? { remedy } : {}) })
}

const isTls = ({ status, reason }: StoreError): boolean =>
  status === 0 && /certificate|altnames|\bTLS\b|\bSSL\b|EPROTO/i.test(reason)

const tlsRemedy =
  'Check whether PGSTREAM_SEARCH_STORE_URL has to begin with http:// or https://, and the certificates (PGSTREAM_SEARCH_STORE_TLS_CA_CERT_FILE).'
const foreignRemedy =
  'Check PGSTREAM_SEARCH_STORE_URL, and what stands before the store: a proxy, a load balancer, a page to sign in. Then start pgstream again: it goes on at the same place.'
