import type { DeadLetters } from './dead-letters.ts'
import { Pauses } from './keep-trying.ts'
import type { Persistence } from './keep-trying.ts'
import type { BulkItem, SearchClient } from './search-client.ts'
import { bulkDocuments } from './search-operation.ts'
import type { BulkDocuments, DocumentOperation } from './search-operation.ts'
import { asSearchError, foreignAnswer, isPassing, StoreError } from './store-error.ts'
import { withoutObjects } from './without-objects.ts'

export interface BulkOptions extends Persistence {
  readonly client: SearchClient
  readonly deadLetters: DeadLetters
  /** An index, its alias or a field is missing: makes what is known of the schema anew. */
  readonly heal: (schema: string, signal: AbortSignal) => Promise<void>
  /** The store refuses these members of a document, which is sent without them. */
  readonly onLeftOut: (operation: DocumentOperation, members: readonly string[]) => void
}

type Verdict = 'done' | 'again' | 'heal' | 'refused'

/** Delivers documents: resolves when each is in the store, newer there already, or among the dead letters. */
export class BulkSender {
  readonly #options: BulkOptions
  /** Of requests that are answered, to be used again: the system takes its time to give out fresh memory. */
  readonly #memory: Buffer[] = []

  constructor(options: BulkOptions) {
    this.#options = options
  }

  /** In their order. What has to be tried again holds back everything behind this call. */
  async send(documents: BulkDocuments, signal: AbortSignal): Promise<void> {
    const { deadLetters } = this.#options
    const pauses = new Pauses('Writing documents', { ...this.#options, signal })
    const healed = new Set<string>()
    let pending = documents
    while (pending.count > 0) {
      const answer = await this.#answer(pending)
      if (answer instanceof StoreError) {
        if (isPassing(answer)) {
          await pauses.wait(answer)
          continue
        }
        if (answer.status === 413 || answer.status === 400) {
          return this.#halves(pending.documents(), answer, signal)
        }
        throw asSearchError(answer, 'Writing documents')
      }
      if (answer === 'done') {
        // unless something is wrong nobody has to know them one by one
        if (!deadLetters.isEmpty) await this.#done(pending.documents(), signal)
        break
      }
      pending = bulkDocuments(await this.#settle(pending.documents(), answer, { healed, pauses, signal }))
    }
    pauses.succeeded()
  }

  async #answer(documents: BulkDocuments): Promise<readonly BulkItem[] | 'done' | StoreError> {
    try {
      const answer = await this.#request(documents)
      if (answer === 'done' || answer.length === documents.count) return answer
      return foreignAnswer(`of ${documents.count} documents, ${answer.length} were answered`)
    } catch (error) {
      if (error instanceof StoreError) return error
      throw error
    }
  }

  async #request(documents: BulkDocuments): Promise<readonly BulkItem[] | 'done'> {
    const { client } = this.#options
    // a single one may be large
    if (documents.count === 1) return client.bulk(documents.documents()[0]!.bytes)
    const memory = this.#memoryOf(documents.size)
    const answer = await client.bulk(memory.subarray(0, documents.copyTo(memory)))
    // nobody reads it any more: a request that failed may still be on its way
    this.#memory.push(memory)
    return answer
  }

  #memoryOf(length: number): Buffer {
    const memory = this.#memory.pop()
    return memory && memory.length >= length ? memory : Buffer.allocUnsafeSlow(length)
  }

  /** Gives those that are to be sent again. */
  async #settle(
    operations: readonly DocumentOperation[],
    items: readonly BulkItem[],
    { healed, pauses, signal }: { healed: Set<string>; pauses: Pauses; signal: AbortSignal },
  ): Promise<readonly DocumentOperation[]> {
    const { deadLetters } = this.#options
    const again: DocumentOperation[] = []
    const done: DocumentOperation[] = []
    const toHeal = new Set<string>()
    let trouble: StoreError | null = null
    for (const [i, operation] of operations.entries()) {
      const item = items[i]!
      const { type = '', reason = '' } = item.error ?? {}
      switch (verdictOn(operation, item, healed)) {
        case 'done':
          done.push(operation)
          break
        case 'heal':
          toHeal.add(operation.schema)
          again.push(operation)
          break
        case 'again':
          trouble = new StoreError(item.status, type, reason)
          again.push(operation)
          break
        case 'refused': {
          const simpler = withoutObjects(operation, reason)
          if (simpler) {
            this.#options.onLeftOut(operation, simpler.leftOut)
            again.push(simpler.operation)
          } else await deadLetters.keep(operation, { type, reason }, signal)
        }
      }
    }
    await this.#done(done, signal)
    for (const schema of toHeal) {
      await this.#options.heal(schema, signal)
      healed.add(schema)
    }
    if (trouble) await pauses.wait(trouble)
    return again
  }

  async #done(operations: readonly DocumentOperation[], signal: AbortSignal): Promise<void> {
    const { deadLetters } = this.#options
    const outdated = operations.filter(({ id }) => deadLetters.has(id))
    if (outdated.length > 0) await deadLetters.outdated(outdated, signal)
  }

  /** Together they are too large, or one of them cannot be read: it is found by halves. */
  async #halves(
    operations: readonly DocumentOperation[],
    error: StoreError,
    signal: AbortSignal,
  ): Promise<void> {
    if (operations.length > 1) {
      const half = Math.ceil(operations.length / 2)
      await this.send(bulkDocuments(operations.slice(0, half)), signal)
      return this.send(bulkDocuments(operations.slice(half)), signal)
    }
    const { status, type, reason } = error
    const about = { type: status === 413 ? 'too_large' : type, reason }
    await this.#options.deadLetters.keep(operations[0]!, about, signal)
  }
}

function verdictOn(
  operation: DocumentOperation,
  { status, error }: BulkItem,
  healed: ReadonlySet<string>,
): Verdict {
  // 409: the store has a newer state of the row, because this one comes again
  if (status < 300 && status > 0) return 'done'
  if (status === 409) return 'done'
  const { type = '', reason = '' } = error ?? {}
  if (status === 404 && error === null) return 'done' // there was nothing to delete
  if (status === 404) return 'heal'
  if (isPassing({ status, type, reason })) return 'again'
  if (status === 401 || status === 403) {
    throw asSearchError(new StoreError(status, type, reason), 'Writing documents')
  }
  if (type === 'strict_dynamic_mapping_exception' && !healed.has(operation.schema)) return 'heal'
  return 'refused'
}
