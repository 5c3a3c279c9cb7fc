import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A change as it arrived, at the path of its endpoint. */
export interface Received {
  readonly path: string
  readonly id: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly action: string
  readonly table: string
  /** Of the first column, or of the first of the old row. */
  readonly key: unknown
  /** Of the first column of both rows, as text: the keys of an update. */
  readonly keys: readonly string[]
  readonly at: number
}

/** What an endpoint does; the status alone, or whatever it likes. */
export type Answering = (
  received: Received,
  response: ServerResponse,
  request: IncomingMessage,
) => number | void | Promise<number | void>

/** A server for notifications. It remembers what it answered with 2xx, in the order in which it did. Disposing ends it. */
export class Receiver implements AsyncDisposable {
  readonly url: string
  /** Everything that arrived, whatever was answered. */
  readonly arrived: Received[] = []
  readonly taken: Received[] = []
  readonly #server: ReturnType<typeof createServer>
  answering: Answering

  static async start(answering: Answering = () => 200): Promise<Receiver> {
    const server = createServer()
    server.keepAliveTimeout = 60_000
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Receiver(server, answering)
  }

  private constructor(server: ReturnType<typeof createServer>, answering: Answering) {
    this.#server = server
    this.answering = answering
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request, response) => {
      void this.#take(request, response).catch(() => response.destroy())
    })
  }

  /** Of one path, or of all. */
  takenBy(path?: string): Received[] {
    return path === undefined ? this.taken : this.taken.filter((each) => each.path === path)
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const received = read(request, text)
    this.arrived.push(received)
    const status = await this.answering(received, response, request)
    if (status === undefined) return
    if (status >= 200 && status < 300) this.taken.push(received)
    response.writeHead(status).end()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

interface Column {
  readonly value: unknown
}

function read(request: IncomingMessage, text: string): Received {
  const { Data } = JSON.parse(text) as {
    Data: { action: string; table: string; columns: Column[] | null; identity: Column[] | null }
  }
  const columns = Data.columns ?? Data.identity ?? []
  return {
    path: request.url ?? '',
    id: String(request.headers['webhook-id']),
    headers: request.headers,
    text,
    action: Data.action,
    table: Data.table,
    key: columns[0]?.value,
    keys: [...new Set([Data.columns, Data.identity].flatMap((row) => (row ? [String(row[0]?.value)] : [])))],
    at: performance.now(),
  }
}
