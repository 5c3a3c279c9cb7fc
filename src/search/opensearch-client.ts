import type { Client, ClientOptions } from '@opensearch-project/opensearch'
import { foreignMessage } from '../telemetry/foreign-message.ts'
import type { SearchConnection } from './search-connection.ts'
import type { BulkItem, SearchClient, SearchRequest } from './search-client.ts'
import { StoreError } from './store-error.ts'

const standardTimeoutMs = 60_000
const partsOfItems = 'items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by'

/** The package is not loaded, and nothing connected, before it is used. */
export const openSearchClient = (connection: SearchConnection): SearchClient =>
  new OpenSearchClient(connection)

/** An item of the answer to a bulk request, of which we ask for these parts only. */
type AnsweredItem = Readonly<
  Record<
    string,
    { readonly status: number; readonly error?: { readonly type?: string; readonly reason?: string } }
  >
>

class OpenSearchClient implements SearchClient {
  readonly #options: ClientOptions
  #client: Promise<Client> | null = null

  constructor({ url, username, password, apiKey, tls }: SearchConnection) {
    this.#options = {
      node: url,
      // who asks decides when to ask again
      maxRetries: 0,
      requestTimeout: standardTimeoutMs,
      ...(username === undefined ? {} : { auth: { username, password: password ?? '' } }),
      ...(apiKey === undefined ? {} : { headers: { authorization: `ApiKey ${apiKey}` } }),
      ...(tls === null ? {} : { ssl: { ...tls } }),
    }
  }

  async send<Answer>(request: SearchRequest): Promise<Answer> {
    const { body } = await this.#ask(request, {})
    return body as Answer
  }

  async sendForText(request: SearchRequest, lines?: Buffer): Promise<string> {
    const { body, statusCode } = await this.#ask(request, { asStream: true }, lines)
    const pieces: Buffer[] = []
    try {
      for await (const piece of body as AsyncIterable<Buffer>) pieces.push(Buffer.from(piece))
    } catch (cause) {
      throw new StoreError(0, 'connection_lost', foreignMessage(cause), cause)
    }
    const text = Buffer.concat(pieces).toString('utf8')
    if (statusCode !== null && statusCode >= 300) throw refused(statusCode, parsed(text))
    return text
  }

  async bulk(lines: Buffer): Promise<readonly BulkItem[] | 'done'> {
    const query = { require_alias: 'true', filter_path: `errors,${partsOfItems}` }
    const answer = await this.sendForText({ method: 'POST', path: '/_bulk', query }, lines)
    // most are: the answers of thousands need not be read
    if (answer.startsWith('{"errors":false')) return 'done'
    const { items = [] } = (parsed(answer) ?? {}) as { items?: readonly AnsweredItem[] }
    return items.map((item) => {
      const { status, error } = Object.values(item)[0]!
      return { status, error: error ? { type: error.type ?? '', reason: reasonOf(error) } : null }
    })
  }

  async close(): Promise<void> {
    const client = await this.#client
    await client?.close()
  }

  async #ask(
    { method, path, query, body, timeoutMs = standardTimeoutMs }: SearchRequest,
    options: { asStream?: boolean },
    lines?: Buffer,
  ): Promise<{ body: unknown; statusCode: number | null }> {
    this.#client ??= import('@opensearch-project/opensearch').then(({ Client }) => new Client(this.#options))
    const client = await this.#client
    try {
      const request = {
        method,
        path,
        ...(query ? { querystring: query } : {}),
        ...(body === undefined ? {} : { body: body as Record<string, unknown> }),
        // the types want objects, the client hands bytes on as they are
        ...(lines ? { bulkBody: lines as unknown as string } : {}),
      }
      return await client.transport.request(request, { requestTimeout: timeoutMs, ...options })
    } catch (cause) {
      throw asStoreError(cause)
    }
  }
}

function asStoreError(cause: unknown): StoreError {
  const { statusCode, body, name } = cause as Error & { statusCode?: number; body?: unknown }
  if (name === 'ResponseError' && statusCode) return refused(statusCode, body, cause)
  return new StoreError(0, name, foreignMessage(cause), cause)
}

interface ErrorAnswer {
  readonly error?: string | (Caused & { readonly root_cause?: readonly Caused[] })
  /** Of a reindex or a delete by query: documents that were refused. */
  readonly failures?: readonly { readonly cause?: Caused }[]
}

interface Caused {
  readonly type?: string
  readonly reason?: string
  readonly caused_by?: Caused
}

function refused(status: number, body: unknown, cause?: unknown): StoreError {
  const { failures, error = failures?.[0]?.cause } = (
    typeof body === 'object' && body !== null ? body : {}
  ) as ErrorAnswer
  if (typeof error !== 'object') return new StoreError(status, `status_${status}`, error ?? '', cause)
  return new StoreError(status, error.type ?? '', reasonOf(error), cause)
}

/** With the reasons below it, which say more. */
function reasonOf(error: Caused): string {
  const reasons: string[] = []
  for (let at: Caused | undefined = error; at && reasons.length < 5; at = at.caused_by) {
    reasons.push(at.reason ?? '')
  }
  return reasons.join(': ')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
