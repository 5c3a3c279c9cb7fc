import type { DocumentBatch, Portion } from './document-batch.ts'
import type { BulkDocuments } from './search-operation.ts'

/** So many requests are under way at once. */
const atOnce = 3
/** Fewer documents are not worth another request. */
const leastInRequest = 300

/** Who brings documents to the store. */
export interface Sender {
  send(documents: BulkDocuments, signal: AbortSignal): Promise<void>
}

/** Some documents on their way to the store. */
interface Request {
  readonly portion: Portion
  readonly sent: Promise<void>
}

/** All that are of one batch, until the last of them has ended. */
interface Underway {
  readonly batch: DocumentBatch
  readonly requests: readonly Request[]
}

/**
 * Sends documents by several requests at once. Of each document only one state is on its way at any time: a request waits
 * for those before it that have a document with one of its ids, and for nothing else. The store is never idle between two
 * batches, which cost a quarter of its rate when the second waited for all of the first.
 */
export class Lanes {
  readonly #sender: Sender
  readonly #underway = new Set<Underway>()
  readonly #waiting: (() => void)[] = []
  #free = atOnce
  #failed: Request | null = null

  constructor(sender: Sender) {
    this.#sender = sender
  }

  /** Resolves when all are in the store, or among the dead letters. */
  async send(batch: DocumentBatch, signal: AbortSignal): Promise<void> {
    // as they come: neighbours stand beside each other in memory
    const portions = batch.portions(Math.max(1, Math.min(atOnce, Math.floor(batch.count / leastInRequest))))
    const requests = portions.map((portion) => {
      const before = this.#before(portion)
      return { portion, sent: this.#sendBehind(before, portion, signal) }
    })
    const underway = { batch, requests }
    this.#underway.add(underway)
    const ends = requests.map((request) => request.sent.catch(() => (this.#failed ??= request)))
    void Promise.all(ends).then(() => this.#underway.delete(underway))
    await Promise.all(requests.map(({ sent }) => sent))
  }

  /** Resolves when nothing is on its way any more. Rejects when a request has failed, now or before: the stream ends. */
  async idle(): Promise<void> {
    while (this.#underway.size > 0)
      await Promise.all([...this.#underway].flatMap(({ requests }) => requests.map(({ sent }) => sent)))
    if (this.#failed) await this.#failed.sent
  }

  #before(portion: Portion): ReadonlySet<Request> {
    const before = new Set<Request>()
    for (const { batch, requests } of this.#underway) {
      portion.eachOfSameId(batch, (number) =>
        before.add(requests.find(({ portion }) => portion.has(number))!),
      )
    }
    return before
  }

  async #sendBehind(before: ReadonlySet<Request>, portion: Portion, signal: AbortSignal): Promise<void> {
    await Promise.all([...before].map(({ sent }) => sent))
    await this.#turn()
    try {
      signal.throwIfAborted()
      await this.#sender.send(portion, signal)
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
