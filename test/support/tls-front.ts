import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'

export interface TlsFront extends AsyncDisposable {
  readonly url: string
  readonly port: number
}

/** Stands before a server of HTTP, speaks TLS, and asks for a login or for an API key as a secured search store does. */
export async function tlsFront(
  target: string,
  options: { readonly certificate: string; readonly authorizations: readonly string[] },
): Promise<TlsFront> {
  const pem = await readFile(options.certificate)
  const server = createServer({ key: pem, cert: pem }, (incoming, response) => {
    const { method, url = '/', headers } = incoming
    if (!options.authorizations.includes(headers.authorization ?? '')) {
      response.writeHead(401, { 'content-type': 'application/json' })
      response.end(
        '{"error":{"type":"security_exception","reason":"missing or wrong credentials"},"status":401}',
      )
      return
    }
    const passed = request(target + url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    incoming.pipe(passed)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
