import { buildConnector, Client } from 'undici'
import type { Dispatcher } from 'undici'
import { Deadlines } from './deadlines.ts'
import type { Limited } from './deadlines.ts'
import { directReads, readDirectly } from './direct-reads.ts'
import type { HttpAnswer, HttpConnection, WhenAnswered } from './http-answer.ts'
import type { TargetGuard } from './target-guard.ts'
import { withoutContinue } from './without-continue.ts'

/** How much of an answer is read, and for how long, so that its connection can be used again. What it says does not matter. */
const [mostAnswerBytes, mostAnswerMs] = [64 * 1024, 1_000]

/**
 * With so many open, the next ones are not kept for another request: each is an open file, of which a process may have so many
 * only.
 */
const mostKept = 1_000

export interface HttpConnectionOptions {
  readonly guard: TargetGuard
  /** From the beginning, the look at the name included, to the status line. */
  readonly timeoutMs: number
}

/** Makes connections that dial nothing but what the guard lets through. */
export class HttpConnections {
  readonly #deadlines = new Deadlines()
  readonly #connect: buildConnector.connector
  readonly #timeoutMs: number
  /** Those that are being dialled among them. */
  #open = 0

  constructor({ guard, timeoutMs }: HttpConnectionOptions) {
    const connect = buildConnector({ timeout: timeoutMs, lookup: guard.lookup, onread: directReads })
    this.#timeoutMs = timeoutMs
    this.#connect = (options, callback) => {
      // an address is dialled without being looked up
      const refusal = guard.refusalOfLiteral(options.hostname)
      if (refusal) return callback(refusal, null)
      this.#open++
      connect(options, (...[error, socket]) => {
        if (error) {
          this.#open--
          return callback(error, null)
        }
        socket.once('close', () => this.#open--)
        readDirectly(socket)
        withoutContinue(socket)
        callback(null, socket)
      })
    }
  }

  to(origin: string): HttpConnection {
    let client: Client | null = null
    const close = async (): Promise<void> => {
      const closing = client
      client = null
      await closing?.destroy()
    }
    return {
      close,
      post: (path, headers, body, whenAnswered) => {
        // deadlines are ours: they hold from the first look at the name on
        client ??= new Client(origin, {
          connect: this.#connect,
          pipelining: 1,
          headersTimeout: 0,
          bodyTimeout: 0,
        })
        const exchange = new Exchange(this.#deadlines, this.#timeoutMs, whenAnswered, () => void close())
        const reset = this.#open > mostKept
        client.dispatch({ path, method: 'POST', headers: headers as string[], body, reset }, exchange)
      },
    }
  }
}

/** One request and what is said to it. */
class Exchange implements Dispatcher.DispatchHandler, Limited {
  deadline: number
  place = -1
  readonly #deadlines: Deadlines
  readonly #timeoutMs: number
  readonly #whenAnswered: WhenAnswered
  /** Ends a connection that is not there yet. */
  readonly #giveUp: () => void
  #controller: Dispatcher.DispatchController | null = null
  #answer: HttpAnswer | null = null
  #bytes = 0
  #isOver = false

  constructor(deadlines: Deadlines, timeoutMs: number, whenAnswered: WhenAnswered, giveUp: () => void) {
    this.deadline = performance.now() + timeoutMs
    this.#deadlines = deadlines
    this.#timeoutMs = timeoutMs
    this.#whenAnswered = whenAnswered
    this.#giveUp = giveUp
    deadlines.add(this)
  }

  onLate(): void {
    this.#cut(this.#answer ? null : tooLate(this.#timeoutMs))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return
    const retryAfter = headers['retry-after']
    this.#answer = { status, retryAfter: typeof retryAfter === 'string' ? retryAfter : undefined }
    if (Number(headers['content-length'] ?? 0) > mostAnswerBytes) this.#cut(null)
    else this.deadline = performance.now() + mostAnswerMs
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length
    if (this.#bytes > mostAnswerBytes) this.#cut(null)
  }

  onResponseEnd(): void {
    this.#settle(null)
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(error)
  }

  /** Nobody waits for what else it says. */
  #cut(reason: unknown): void {
    this.#isOver = true
    if (this.#controller) this.#controller.abort(new Error('nobody waits for it any more'))
    else this.#giveUp()
    this.#tell(reason)
  }

  #settle(error: unknown): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#tell(error)
  }

  #tell(error: unknown): void {
    this.#deadlines.remove(this)
    if (this.#answer) this.#whenAnswered(this.#answer, null)
    else this.#whenAnswered(null, error ?? new Error('the connection was closed without an answer'))
  }
}

const tooLate = (ms: number): Error => {
  const error = new Error(`no answer within ${ms} ms`)
  error.name = 'TimeoutError'
  return error
}
