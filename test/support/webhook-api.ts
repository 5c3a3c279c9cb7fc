import { once } from 'node:events'
import { nobody } from '../../src/pipeline/contracts.ts'
import type { WebhookNotifier, WebhookNotifierOptions } from '../../src/webhook/webhook-notifier.ts'
import type { TemporaryDatabase } from './postgres.ts'
import { eventually } from './wait.ts'
import { notifierOf } from './webhooks.ts'

export interface ApiAnswer {
  readonly status: number
  readonly headers: Headers
  readonly json: Record<string, unknown> & { error?: { code: string; message: string } }
}

/** The server by which receivers subscribe, of a notifier without a stream. Disposing ends it. */
export class WebhookApi implements AsyncDisposable {
  readonly notifier: WebhookNotifier
  readonly url: string

  static async start(
    database: Pick<TemporaryDatabase, 'url'>,
    options: Partial<WebhookNotifierOptions> = {},
  ): Promise<WebhookApi> {
    const server = { address: 'localhost:0', ...options.server }
    const notifier = notifierOf(database, { ...options, server })(nobody)
    let failure: unknown
    notifier.on('error', (error) => (failure = error))
    const isOver = (): boolean => failure !== undefined || notifier.serverUrl !== null
    await eventually(isOver, { timeoutMs: 60_000, about: 'The start of the server' })
    if (failure !== undefined) throw failure as Error
    return new WebhookApi(notifier)
  }

  private constructor(notifier: WebhookNotifier) {
    this.notifier = notifier
    this.url = notifier.serverUrl!
  }

  async call(path: string, init: RequestInit = {}): Promise<ApiAnswer> {
    const response = await fetch(this.url + path, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, json: JSON.parse(text) as ApiAnswer['json'] }
  }

  async post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    return this.call(path, {
      method: 'POST',
      body: typeof body === 'string' ? body : JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.notifier.closed) return
    const closed = once(this.notifier, 'close')
    this.notifier.destroy()
    await closed
  }
}
