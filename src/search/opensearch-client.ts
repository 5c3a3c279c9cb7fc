import type { Readable } from 'node:stream'
import { foreignMessage } from '../telemetry/foreign-message.ts'
import type { SearchConnection } from './search-connection.ts'
import type { BulkItem, SearchClient, SearchRequest } from './search-client.ts'
import { foreignAnswer, reasonOf, StoreError } from './store-error.ts'
import type { Caused } from './store-error.ts'
import { standardTimeoutMs, storeTransport } from './store-transport.ts'
import type { StoreTransport } from './store-transport.ts'

const partsOfItems =
  'items.*.status,items.*.error.type,items.*.error.reason,items.*.error.index,items.*.error.caused_by'

/** The package is not loaded, and nothing connected, before it is used. */
export const openSearchClient = (connection: SearchConnection): SearchClient =>
  new OpenSearchClient(connection)

/** An item of the answer to a bulk request, of which we ask for these parts only. */
type AnsweredItem = Readonly<Record<string, { readonly status: number; readonly error?: Caused }>>

class OpenSearchClient implements SearchClient {
  readonly #connection: SearchConnection
  #transport: StoreTransport | null = null

  constructor(connection: SearchConnection) {
    this.#connection = connection
  }

  async send<Answer>(request: SearchRequest): Promise<Answer> {
    const answer = await this.#ask(request)
    // not by the client, which takes names such as `__proto__` for an attack
    const value = parsed(answer.text)
    if (value === undefined) throw foreign(answer)
    return value as Answer
  }

  async sendForText(request: SearchRequest): Promise<string> {
    const answer = await this.#ask(request)
    if (!answer.text.startsWith('{')) throw foreign(answer)
    return answer.text
  }

  async bulk(lines: Buffer): Promise<readonly BulkItem[] | 'done'> {
    const query = { require_alias: 'true', filter_path: `errors,${partsOfItems}` }
    const request: SearchRequest = { method: 'POST', path: '/_bulk', query }
    const answer = await this.#ask(request, lines)
    // most are: the answers of thousands need not be read
    if (answer.text.startsWith('{"errors":false')) return 'done'
    const { items } = (parsed(answer.text) ?? {}) as { items?: unknown }
    if (!Array.isArray(items)) throw foreign(answer)
    return (items as readonly AnsweredItem[]).map((item) => {
      const { status, error } = Object.values(item)[0]!
      return { status, error: error ? { type: error.type ?? '', reason: reasonOf(error) } : null }
    })
  }

  async close(): Promise<void> {
    await this.#transport?.close()
  }

  async #ask(
    { method, path, query, body, timeoutMs = standardTimeoutMs }: SearchRequest,
    lines?: Buffer,
  ): Promise<Answered> {
    this.#transport ??= storeTransport(this.#connection)
    const { requests } = this.#transport
    try {
      const request = {
        method,
        path,
        ...(query ? { querystring: query } : {}),
        ...(body === undefined ? {} : { body: body as Record<string, unknown> }),
        // the types want objects, the client hands bytes on as they are
        ...(lines ? { bulkBody: lines as unknown as string } : {}),
      }
      const options = { requestTimeout: timeoutMs, asStream: true }
      const answer = await requests.request(request, options)
      const { statusCode, headers } = answer
      const status = statusCode ?? 0
      const text = await readAnswer(answer.body as Readable, timeoutMs)
      const type = String(headers?.['content-type'] ?? 'without a type')
      if (status >= 300) throw refused({ status, text, type })
      return { status, text, type }
    } catch (cause) {
      if (cause instanceof StoreError) throw cause
      throw new StoreError(0, (cause as Error).name, foreignMessage(cause), cause)
    }
  }
}

interface Answered {
  readonly status: number
  readonly text: string
  /** Its content type. */
  readonly type: string
}

/** The client waits for the beginning of an answer only. */
async function readAnswer(stream: Readable, timeoutMs: number): Promise<string> {
  const pieces: Buffer[] = []
  const stop = (): unknown =>
    stream.destroy(new StoreError(0, 'timeout', 'the rest of the answer did not come'))
  const timer = setTimeout(stop, timeoutMs)
  try {
    for await (const piece of stream) {
      pieces.push(piece as Buffer)
      timer.refresh()
    }
  } finally {
    clearTimeout(timer)
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** What came is not what a store says: of a proxy, or a wrong address. */
const foreign = ({ status, type }: Answered): StoreError =>
  foreignAnswer(`what answers is no search store (status ${status}, ${type})`)

interface ErrorAnswer {
  readonly error?: string | (Caused & { readonly root_cause?: readonly Caused[] })
  /** Of a reindex or a delete by query: documents that were refused. */
  readonly failures?: readonly { readonly cause?: Caused }[]
}

function refused(answer: Answered): StoreError {
  const { status, text } = answer
  // no store sends elsewhere, or says in HTML that an index or a document is not there
  if (status < 400 || (status === 404 && /^\s*</.test(text))) return foreign(answer)
  const body = parsed(text)
  const { failures, error = failures?.[0]?.cause } = (
    typeof body === 'object' && body !== null ? body : {}
  ) as ErrorAnswer
  if (typeof error !== 'object') return new StoreError(status, `status_${status}`, error ?? '')
  return new StoreError(status, error.type ?? '', reasonOf(error))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
