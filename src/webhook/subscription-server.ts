import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, STATUS_CODES } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { defaults } from '../config/defaults.ts'
import { PgstreamError } from '../errors.ts'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { isAddressedToLoopback, listen, stopListening } from '../telemetry/listen.ts'
import { readListenAddress } from './listen-address.ts'
import type { ListenAddress } from './listen-address.ts'
import { readBody } from './read-body.ts'
import { subscriptionRoutes } from './subscription-routes.ts'
import type { Answer, RouteContext } from './subscription-routes.ts'

export interface SubscriptionServerOptions {
  /** `host:port`; port 0 takes one that is free. This and those below: as PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_… when left out. */
  readonly address?: string | undefined
  /** What callers have to send as `Authorization: Bearer …`; needed where others than this machine can call. */
  readonly token?: string | undefined
  /** In milliseconds, for a whole request. */
  readonly readTimeout?: number | undefined
  /** In milliseconds, for an answer. */
  readonly writeTimeout?: number | undefined
}

export interface SubscriptionServer {
  readonly url: string
  close(): Promise<void>
}

export const addressSetting = 'PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS'
const mostBodyBytes = 64 * 1024
const mostConnections = 500
const anyBase = 'http://localhost'

/**
 * Serves the API by which receivers subscribe.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for an address that others can reach without a token; PGSTREAM_ADDRESS_IN_USE.
 */
export async function openSubscriptionServer(
  options: SubscriptionServerOptions,
  context: RouteContext,
): Promise<SubscriptionServer> {
  const standard = defaults.webhookNotifier
  const address = subscriptionAddress(options)
  const token = tokenOf(options)
  const readTimeout = options.readTimeout ?? standard.serverReadTimeout
  const server = createServer({
    requestTimeout: readTimeout,
    headersTimeout: readTimeout,
    connectionsCheckingInterval: Math.min(1_000, readTimeout),
  })
  server.maxConnections = mostConnections
  const writeTimeout = options.writeTimeout ?? standard.serverWriteTimeout
  const answering = new WeakMap<Duplex, ServerResponse>()
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (!socket.writable || answering.get(socket)?.headersSent) socket.destroy()
    else socket.end(unreadable(error), () => socket.destroy())
  })
  server.on('request', (request, response) => {
    const { socket } = request
    // hundreds of requests that come at once on one connection would be hundreds of answers in memory
    if (answering.has(socket)) return void socket.destroy()
    answering.set(socket, response)
    const deadline = setTimeout(() => socket.destroy(), readTimeout + writeTimeout)
    response.once('close', () => {
      clearTimeout(deadline)
      answering.delete(socket)
    })
    void respond(request, response, token, context)
  })
  const url = await listen(server, address, addressSetting)
  return { url, close: async () => stopListening(server) }
}

/** Where it would listen. @throws {PgstreamError} PGSTREAM_CONFIG_INVALID as `openSubscriptionServer`. */
export function subscriptionAddress(options: SubscriptionServerOptions): ListenAddress {
  const read = readListenAddress(options.address ?? defaults.webhookNotifier.serverAddress, addressSetting)
  if (tokenOf(options) === undefined && !read.isLoopback) throw tokenMissing()
  return read
}

/** An empty one, of a variable that is not set, would let everybody in. */
const tokenOf = ({ token }: SubscriptionServerOptions): string | undefined => token?.trim() || undefined

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  token: string | undefined,
  context: RouteContext,
): Promise<void> {
  try {
    send(response, await answer(request, token, context))
  } catch (error) {
    if (request.destroyed && !request.complete) return // whoever asked has gone
    const { code, message } = asPgstreamError(error)
    context.logger.warn({ code, error }, `a request to the subscription server failed: ${message}`)
    send(response, failure(503, 'unavailable', 'The subscriptions cannot be read or written now.'))
  }
}

async function answer(
  request: IncomingMessage,
  token: string | undefined,
  context: RouteContext,
): Promise<Answer> {
  if (token === undefined ? !isAddressedToLoopback(request) : !hasToken(request, token)) {
    return token === undefined
      ? failure(403, 'forbidden_host', 'Without a token, call this server as localhost.')
      : failure(401, 'unauthorized', 'Send the token as Authorization: Bearer …')
  }
  const target = request.url ?? '/'
  const { pathname, searchParams } = new URL(URL.canParse(target, anyBase) ? target : '/', anyBase)
  const route = subscriptionRoutes.find(({ path }) => path === pathname)
  if (!route) return failure(404, 'not_found', 'There is nothing here.')
  if (request.method !== route.method) {
    return failure(405, 'method_not_allowed', `Use ${route.method}.`, { allow: route.method })
  }
  if (route.method === 'GET') return route.handle({ searchParams, body: undefined }, context)
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    return failure(415, 'not_json', 'Send content-type: application/json.')
  }
  const body = await readBody(request, mostBodyBytes)
  if (!body)
    return failure(413, 'too_large', `A request has at most ${mostBodyBytes} bytes.`, { connection: 'close' })
  try {
    return await route.handle({ searchParams, body: JSON.parse(body.toString('utf8')) as unknown }, context)
  } catch (error) {
    if (error instanceof SyntaxError) return failure(400, 'bad_json', 'The body is no JSON.')
    throw error
  }
}

/** Takes the same time whatever is wrong with it. */
function hasToken({ headers: { authorization = '' } }: IncomingMessage, token: string): boolean {
  const digest = (bytes: Buffer): Buffer => createHash('sha256').update(bytes).digest()
  // a header comes byte by byte: what was sent as UTF-8 is read as it was sent
  const given = Buffer.from(authorization.replace(/^bearer +/i, ''), 'latin1')
  return timingSafeEqual(digest(given), digest(Buffer.from(token)))
}

function send(response: ServerResponse, { status, body, headers }: Answer): void {
  if (response.headersSent || response.destroyed) return
  const text = JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
  })
  response.end(text)
}

const failure = (
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): Answer => ({
  status,
  body: { error: { code, message } },
  headers,
})

/** The answer to what Node cannot read as a request, or does not get in time. */
function unreadable({ code }: NodeJS.ErrnoException): string {
  const { status, body } =
    code === 'ERR_HTTP_REQUEST_TIMEOUT'
      ? failure(408, 'too_slow', 'The request did not arrive in time.')
      : code === 'HPE_HEADER_OVERFLOW'
        ? failure(431, 'too_large', 'The headers of a request are too large.')
        : failure(400, 'bad_request', 'This is no HTTP request.')
  const text = JSON.stringify(body)
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: application/json\r\n` +
    `content-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`
  )
}

const tokenMissing = (): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_CONFIG_INVALID',
    `${addressSetting} can be reached from other machines, and there is no token.`,
    { remedy: 'Set PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_TOKEN, or listen at localhost.' },
  )
