import { Pool } from 'undici'
import type { Dispatcher, buildConnector } from 'undici'

export interface Answer {
  readonly status: number
  /** The header as it was sent. */
  readonly retryAfter: string | undefined
}

/** How much of an answer is read, and for how long, so that its connection can be used again. What it says does not matter. */
const [mostAnswerBytes, mostAnswerMs] = [64 * 1024, 1_000]

export interface PosterOptions {
  readonly connections: number
  readonly connect: buildConnector.connector
  /** From the beginning to the status line. */
  readonly timeoutMs: number
}

/** Connections to one origin. */
export class HttpPoster {
  readonly #pool: Pool
  readonly #timeoutMs: number

  constructor(origin: string, { connections, connect, timeoutMs }: PosterOptions) {
    // deadlines are ours: they hold from the first look at the name on
    this.#pool = new Pool(origin, { connections, connect, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })
    this.#timeoutMs = timeoutMs
  }

  /**
   * Resolves when there is a status and the connection is free again. A redirection is an answer like any other.
   * Rejects with what the network says, or with a TimeoutError.
   */
  async post(path: string, headers: Record<string, string>, body: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(this.#timeoutMs, resolve, reject)
      this.#pool.dispatch({ path, method: 'POST', headers, body }, exchange)
    })
  }

  /** Cuts what is under way: that rejects. */
  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: Answer) => void
  readonly #reject: (error: unknown) => void
  #timer: NodeJS.Timeout
  #controller: Dispatcher.DispatchController | null = null
  #answer: Answer | null = null
  #bytes = 0
  #isOver = false

  constructor(timeoutMs: number, resolve: (answer: Answer) => void, reject: (error: unknown) => void) {
    this.#resolve = resolve
    this.#reject = reject
    this.#timer = setTimeout(() => this.#end(tooLate(timeoutMs)), timeoutMs)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isOver) controller.abort(new Error('nobody waits for it any more'))
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    const retryAfter = headers['retry-after']
    this.#answer = { status, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined }
    if (Number(headers['content-length'] ?? 0) > mostAnswerBytes) return this.#end(null)
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#end(null), mostAnswerMs)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > mostAnswerBytes) this.#end(null)
  }

  onResponseEnd(): void {
    this.#settle(null)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error)
  }

  /** Cuts the connection. */
  #end(reason: unknown): void {
    this.#settle(reason)
    this.#controller?.abort(new Error('nobody waits for it any more'))
  }

  #settle(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    clearTimeout(this.#timer)
    if (this.#answer) this.#resolve(this.#answer)
    else this.#reject(error ?? new Error('the connection was closed without an answer'))
  }
}

const tooLate = (ms: number): Error => {
  const error = new Error(`no answer within ${ms} ms`)
  error.name = 'TimeoutError'
  return error
}
