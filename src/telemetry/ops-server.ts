import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { isAddressedToLoopback, isLoopback, listen, stopListening } from './listen.ts'
import type { ListenPlace } from './listen.ts'
import type { MetricsExport } from './metrics-export.ts'
import { statusPage } from './status-page.ts'
import type { StreamWatch } from './stream-watch.ts'

export interface OpsServerOptions extends ListenPlace {
  readonly watch: StreamWatch
  readonly scrape: MetricsExport['scrape']
}

export interface OpsServer {
  /** Where it answers: `http://127.0.0.1:9910`. */
  readonly url: string
  readonly close: () => Promise<void>
}

export const opsAddressSetting = 'PGSTREAM_OPS_ADDRESS or --ops-address'

/**
 * Serves the state of a stream, to be read only: `/` for people, `/health`, `/ready`, `/status`, `/history` as JSON,
 * `/metrics` for Prometheus.
 * @throws {PgstreamError} PGSTREAM_ADDRESS_IN_USE when the address cannot be used.
 */
export async function openOpsServer(options: OpsServerOptions): Promise<OpsServer> {
  const page = Buffer.from(await statusPage())
  const server = createServer((request, response) => answer(request, response, options, page))
  const url = await listen(server, options, opsAddressSetting)
  return { url, close: async () => stopListening(server) }
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { host, watch, scrape }: OpsServerOptions,
  page: Buffer,
): void {
  response.setHeader('cache-control', 'no-store')
  response.setHeader('x-content-type-options', 'nosniff')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return send(response, 405, { error: 'Only GET is served here.' })
  }
  // a web site must not read this by a name of its own that leads to this machine
  if (isLoopback(host) && !isAddressedToLoopback(request))
    return send(response, 403, { error: 'Ask for localhost.' })
  switch (request.url?.split('?')[0]) {
    case '/':
      response.writeHead(200, {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy':
          "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:",
      })
      response.end(page)
      return
    case '/health':
      return send(response, 200, { ok: true })
    case '/ready': {
      const { ready, reasons } = watch.status()
      return send(response, ready ? 200 : 503, { ready, reasons })
    }
    case '/status':
      return send(response, 200, watch.status())
    case '/history':
      return send(response, 200, { samples: watch.history })
    case '/metrics':
      if (scrape) return scrape(request, response)
      break
    default:
  }
  send(response, 404, { error: 'There is /, /health, /ready, /status, /history and /metrics.' })
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(`${JSON.stringify(body)}\n`)
}
