import type { DocumentOperation } from './search-operation.ts'
import type { WrittenRun } from './written-run.ts'

/** So many requests are under way at once. */
const atOnce = 3
/** Fewer documents are not worth another request. */
const leastInRequest = 300

/** Who brings documents to the store. */
export interface Sender {
  send(documents: readonly DocumentOperation[], signal: AbortSignal): Promise<void>
  sendRuns(runs: readonly WrittenRun[], signal: AbortSignal): Promise<void>
}

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
  readonly #sender: Sender
  /** The last request with a document of this id. */
  readonly #requests = new Map<string, Request>()
  /** Those of runs, whose ids nobody looked at. */
  readonly #runs = new Set<Request>()
  readonly #underway = new Set<Request>()
  readonly #waiting: (() => void)[] = []
  #free = atOnce
  #failed: Request | null = null

  constructor(sender: Sender) {
    this.#sender = sender
  }

  /** Each id stands there once. Resolves when all are in the store, or among the dead letters. */
  async send(documents: readonly DocumentOperation[], signal: AbortSignal): Promise<void> {
    // in pieces: neighbours stand beside each other in memory
    const pieces = inPieces(documents, documents.length)
    await Promise.all(pieces.map((piece) => this.#beginDocuments(piece, signal)))
  }

  /** Whether nothing but runs is on its way. Of those none has an older or newer state of a document of another. */
  get areFree(): boolean {
    return this.#requests.size === 0
  }

  /** The same for whole runs, while the lanes are free of others. */
  async sendRuns(runs: readonly WrittenRun[], signal: AbortSignal): Promise<void> {
    const count = runs.reduce((sum, run) => sum + run.count, 0)
    await Promise.all(inPieces(runs, count).map((piece) => this.#beginRuns(piece, signal)))
  }

  /** Resolves when nothing is on its way any more. Rejects when a request has failed, now or before: the stream ends. */
  async idle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all([...this.#underway].map(({ sent }) => sent))
    if (this.#failed) await this.#failed.sent
  }

  #beginDocuments(documents: readonly DocumentOperation[], signal: AbortSignal): Promise<void> {
    const before = new Set<Request>(this.#runs)
    for (const { id } of documents) {
      const request = this.#requests.get(id)
      if (request) before.add(request)
    }
    const sent = this.#sendBehind(before, () => this.#sender.send(documents, signal), signal)
    const request = this.#begin(sent, () => {
      for (const { id } of documents) if (this.#requests.get(id) === request) this.#requests.delete(id)
    })
    for (const { id } of documents) this.#requests.set(id, request)
    return sent
  }

  #beginRuns(runs: readonly WrittenRun[], signal: AbortSignal): Promise<void> {
    const sent = this.#sendBehind(new Set(), () => this.#sender.sendRuns(runs, signal), signal)
    const request = this.#begin(sent, () => this.#runs.delete(request))
    this.#runs.add(request)
    return sent
  }

  #begin(sent: Promise<void>, forget: () => void): Request {
    const request = { sent }
    this.#underway.add(request)
    const ended = (): void => {
      this.#underway.delete(request)
      forget()
    }
    sent.then(ended, () => {
      this.#failed ??= request
      ended()
    })
    return request
  }

  async #sendBehind(
    before: ReadonlySet<Request>,
    send: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    await Promise.all([...before].map(({ sent }) => sent))
    await this.#turn()
    try {
      signal.throwIfAborted()
      await send()
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

/** For several requests, where so many documents are worth it. */
function inPieces<T>(items: readonly T[], documents: number): T[][] {
  const count = Math.max(1, Math.min(atOnce, Math.floor(documents / leastInRequest)))
  const most = Math.ceil(items.length / count)
  const pieces = Array.from({ length: count }, (_, i) => items.slice(i * most, (i + 1) * most))
  return pieces.filter(({ length }) => length > 0)
}
