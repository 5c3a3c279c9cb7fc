import { Endpoint } from './endpoint.ts'
import type { EndpointOptions } from './endpoint.ts'
import type { HttpConnectionOptions } from './http-connections.ts'
import type { Notification } from './notification.ts'
import { Permits } from './permits.ts'
import type { TargetGuard } from './target-guard.ts'

/** Requests at once to all endpoints together: each is a connection, and a process may have so many open files only. */
const mostRequests = 1_000

/** An endpoint that had nothing to do for so long lets go of its connections. */
const idleMs = 30_000

export interface EndpointsOptions
  extends Omit<EndpointOptions, 'connections' | 'permits'>, HttpConnectionOptions {}

/** The URLs that something is sent to, made when they are needed. */
export class Endpoints {
  readonly #options: EndpointsOptions
  readonly #byUrl = new Map<string, Endpoint>()
  #ofEach: EndpointOptions | null = null
  #sweeping: NodeJS.Timeout | undefined

  constructor(options: EndpointsOptions) {
    this.#options = options
  }

  /** Before anything is sent. The client is not loaded where nobody has it opened: that takes as long as all else. */
  async open(): Promise<void> {
    const { HttpConnections } = await import('./http-connections.ts')
    const connections = new HttpConnections(this.#options)
    this.#ofEach = { ...this.#options, connections, permits: new Permits(mostRequests) }
    this.#sweeping = setInterval(() => this.#sweep(), idleMs).unref()
  }

  get guard(): TargetGuard {
    return this.#options.guard
  }

  take(url: string, notification: Notification): void {
    let endpoint = this.#byUrl.get(url)
    if (!endpoint) this.#byUrl.set(url, (endpoint = new Endpoint(url, this.#ofEach!)))
    endpoint.take(notification)
  }

  /** Nowhere is something sent that comes from here on before everything that came earlier is done there. */
  fence(): void {
    for (const endpoint of this.#byUrl.values()) endpoint.fence()
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeping)
    await Promise.all([...this.#byUrl.values()].map(async (endpoint) => endpoint.close()))
  }

  #sweep(): void {
    for (const [url, endpoint] of this.#byUrl) {
      if (!endpoint.isIdle()) continue
      // that it is down is not to be found out again and again
      if (!endpoint.isDown) this.#byUrl.delete(url)
      endpoint.close().catch((error: unknown) => this.#options.fail(error))
    }
  }
}
