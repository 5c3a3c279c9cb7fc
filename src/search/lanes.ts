import type { DocumentOperation } from './search-operation.ts'

/** So many requests are under way at once. */
const atOnce = 3
/** Fewer documents are not worth another request. */
const leastInRequest = 300

/** Some documents on their way to the store. */
interface Request {
  readonly sent: Promise<void>
}

/**
 * Sends documents by several requests at once. Of each document only one state is on its way at any time: a request waits
 * for those before it that have a document with one of its ids, and for nothing else. The store is never idle between two
 * batches, which cost a quarter of its rate when the second waited for all of the first.
 */
export class Lanes {
  readonly #send: (documents: readonly DocumentOperation[], signal: AbortSignal) => Promise<void>
  /** The last request with a document of this id. */
  readonly #requests = new Map<string, Request>()
  readonly #underway = new Set<Request>()
  readonly #waiting: (() => void)[] = []
  #free = atOnce
  #failed: Request | null = null

  constructor(send: (documents: readonly DocumentOperation[], signal: AbortSignal) => Promise<void>) {
    this.#send = send
  }

  /** Each id stands there once. Resolves when all are in the store, or among the dead letters. */
  async send(documents: readonly DocumentOperation[], signal: AbortSignal): Promise<void> {
    const count = Math.max(1, Math.min(atOnce, Math.floor(documents.length / leastInRequest)))
    const most = Math.ceil(documents.length / count)
    // in pieces: neighbours stand beside each other in memory
    const pieces = Array.from({ length: count }, (_, i) => documents.slice(i * most, (i + 1) * most))
    await Promise.all(pieces.map((piece) => this.#begin(piece, signal)))
  }

  /** Resolves when nothing is on its way any more. Rejects when a request has failed, now or before: the stream ends. */
  async idle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all([...this.#underway].map(({ sent }) => sent))
    if (this.#failed) await this.#failed.sent
  }

  #begin(documents: readonly DocumentOperation[], signal: AbortSignal): Promise<void> {
    const before = new Set<Promise<void>>()
    for (const { id } of documents) {
      const request = this.#requests.get(id)
      if (request) before.add(request.sent)
    }
    const request = { sent: this.#sendBehind(before, documents, signal) }
    this.#underway.add(request)
    for (const { id } of documents) this.#requests.set(id, request)
    const forget = (): void => {
      this.#underway.delete(request)
      for (const { id } of documents) if (this.#requests.get(id) === request) this.#requests.delete(id)
    }
    request.sent.then(forget, () => {
      this.#failed ??= request
      forget()
    })
    return request.sent
  }

  async #sendBehind(
    before: ReadonlySet<Promise<void>>,
    documents: readonly DocumentOperation[],
    signal: AbortSignal,
  ): Promise<void> {
    await Promise.all(before)
    await this.#turn()
    try {
      signal.throwIfAborted()
      await this.#send(documents, signal)
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free++
    }
  }

  async #turn(): Promise<void> {
    if (this.#free > 0) this.#free--
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}
