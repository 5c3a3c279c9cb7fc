import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { ProxiedConnection } from './proxied-connection.ts'
import type { ArmedFault, ConnectionKind, Cut, Fault, Pace } from './proxied-connection.ts'

export interface CuttingProxyOptions {
  /** URL of the Postgres server. Connections are not encrypted, so the URL must not insist on it (`sslmode`). */
  readonly target: string
}

/** Listens on a free port of 127.0.0.1; `proxy.url` is the way to the server through it. */
export async function cuttingProxy({ target }: CuttingProxyOptions): Promise<CuttingProxy> {
  const proxy = new CuttingProxy(target)
  await proxy.accept()
  return proxy
}

/**
 * Stands between a program and its Postgres server, and does what networks do: cuts at a chosen byte, falls silent,
 * delays, splits. Unless it is told to, it changes nothing. Disposing closes every connection.
 */
export class CuttingProxy implements AsyncDisposable {
  readonly #target: URL
  readonly #connections: ProxiedConnection[] = []
  readonly #waiting: ArmedFault[] = []
  #listening: Server | null = null
  #port = 0
  #pace: Pace = {}

  constructor(target: string) {
    this.#target = new URL(target)
  }

  /** The URL of the server, by way of the proxy. */
  get url(): string {
    const url = new URL(this.#target)
    url.hostname = '127.0.0.1'
    url.port = String(this.#port)
    return url.href
  }

  /** Every connection so far, the oldest first, closed ones too. */
  get connections(): readonly ProxiedConnection[] {
    return this.#connections
  }

  /**
   * Strikes one of the connections that are made from now on: the first of the kind that no earlier fault waits for.
   * Resolves when it was struck.
   */
  async faultNext(fault: Fault): Promise<void> {
    await new Promise<void>((struck) => this.#waiting.push({ fault, struck }))
  }

  /** Faults that have not found their connection are forgotten. */
  forgetFaults(): void {
    this.#waiting.length = 0
  }

  /** Cuts every open connection now, those of one kind if it is named; gives how many they were. */
  cut(how: Cut = 'reset', of?: ConnectionKind): number {
    const struck = this.#open(of)
    for (const connection of struck) connection.cut(how)
    return struck.length
  }

  /**
   * Makes every open connection a half-open one: both ends keep it, nothing passes any more, in neither direction, and
   * neither hears when the other closes it. New connections are not concerned.
   */
  swallow(of?: ConnectionKind): number {
    const struck = this.#open(of)
    for (const connection of struck) connection.swallow()
    return struck.length
  }

  /** How everything that the server sends travels from now on; `{}` is as it came. */
  pace(pace: Pace): void {
    this.#pace = pace
  }

  /** New connections are refused, as by a server that is down; open ones stay. */
  refuse(): void {
    this.#listening?.close()
    this.#listening = null
  }

  /** Takes new connections again, on the same port. */
  async accept(): Promise<void> {
    if (this.#listening) return
    const server = createServer((client) => {
      const { hostname, port } = this.#target
      const connection = new ProxiedConnection(client, {
        target: { host: decodeURIComponent(hostname), port: Number(port || 5432) },
        pace: () => this.#pace,
        faultFor: (kind) => this.#faultFor(kind),
      })
      this.#connections.push(connection)
    })
    this.#listening = server
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#port = (server.address() as AddressInfo).port
  }

  /** The same as disposing, for programs without `await using`. */
  async close(): Promise<void> {
    const server = this.#listening
    this.refuse()
    for (const connection of this.#connections) connection.close()
    if (server) await once(server, 'close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #open(of?: ConnectionKind): ProxiedConnection[] {
    return this.#connections.filter(({ open, kind }) => open && (of === undefined || kind === of))
  }

  #faultFor(kind: ConnectionKind): ArmedFault | undefined {
    const at = this.#waiting.findIndex(({ fault }) => (fault.of ?? kind) === kind)
    return at < 0 ? undefined : this.#waiting.splice(at, 1)[0]
  }
}
