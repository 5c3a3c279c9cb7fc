import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, request } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

/** What happens to a request instead of being passed on; null passes it on. */
export type Interfere = (
  about: {
    readonly method: string
    readonly path: string
    readonly headers: IncomingHttpHeaders
    readonly body: Buffer
  },
  response: ServerResponse,
) => boolean

export interface HttpFront extends AsyncDisposable {
  readonly url: string
  /** Takes requests from now on; true says that it answered, or cut the connection. */
  interfere(decide: Interfere | null): void
}

/**
 * Stands before a server of HTTP, and passes on what nobody interferes with. With a PEM file of key and certificate it speaks
 * TLS, and with one of an authority whoever connects must have a certificate of that.
 */
export async function httpFront(
  target: string,
  certificate?: string,
  clientsCa?: string,
): Promise<HttpFront> {
  let decide: Interfere | null = null
  const handle: RequestListener = (incoming, response) => {
    void readAll(incoming).then((body) => {
      const { method = 'GET', url: path = '/', headers } = incoming
      if (decide?.({ method, path, headers, body }, response)) return
      const passed = request(target + path, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(response)
      })
      passed.on('error', () => response.destroy())
      passed.end(body)
    })
  }
  const pem = certificate === undefined ? undefined : await readFile(certificate)
  const clients =
    clientsCa === undefined
      ? {}
      : { ca: await readFile(clientsCa), requestCert: true, rejectUnauthorized: true }
  const server = pem ? createTlsServer({ key: pem, cert: pem, ...clients }, handle) : createServer(handle)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `${pem ? 'https' : 'http'}://127.0.0.1:${port}`,
    interfere: (next) => (decide = next),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of incoming) pieces.push(piece as Buffer)
  return Buffer.concat(pieces)
}
