import type { BulkSender } from './bulk.ts'
import type { DeadLetters } from './dead-letters.ts'
import { DocumentBatch } from './document-batch.ts'
import { needsFilling } from './fill-holes.ts'
import type { HoleFiller } from './fill-holes.ts'
import { Lanes } from './lanes.ts'
import type { SchemaChanges } from './schema-change.ts'
import type { DocumentOperation, StoreOperation } from './search-operation.ts'
import type { DocumentsStep, MapStep, SaveStep } from './store-change.ts'
import { oneByOne } from './written-run.ts'
import type { WrittenRun } from './written-run.ts'

export interface DeliveryOptions {
  readonly bulk: BulkSender
  readonly changes: SchemaChanges
  readonly holes: HoleFiller
  readonly deadLetters: DeadLetters
}

/**
 * Does batches in their order. All documents before a change of documents are delivered before it, and those behind it
 * after it; the same is true of documents that lack a value. Fields and names are made before the documents between two of
 * those, also before the earlier ones, which do not need them: many small DDL commands among rows are then one change of
 * a mapping. What is known is kept at the end. Documents of the next batch do not wait for those of the one before it.
 */
export class Deliveries {
  readonly #options: DeliveryOptions
  readonly #lanes: Lanes
  /** The batch before is so far that the next may begin. */
  #turn: Promise<void> = Promise.resolve()

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#lanes = new Lanes(options.bulk)
  }

  /** Resolves when all of it is done. `first` is done before it, and behind that of the batch before. */
  async deliver(
    operations: readonly (StoreOperation | WrittenRun)[],
    first: () => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const before = this.#turn
    const begun = before.then(async () => {
      await first()
      return this.#begin(operations, signal)
    })
    this.#turn = begun.then(() => undefined)
    this.#turn.catch(() => undefined) // told by `begun`
    const { sent } = await begun
    await Promise.all(sent)
  }

  /** Gives the documents that are on their way, behind which nothing of the batch has to be done. */
  async #begin(
    operations: readonly (StoreOperation | WrittenRun)[],
    signal: AbortSignal,
  ): Promise<{ sent: readonly Promise<void>[] }> {
    const { changes, deadLetters } = this.#options
    const saves: SaveStep[] = []
    let sent: Promise<void>[] = []
    const allSent = async (): Promise<void> => {
      await Promise.all(sent)
      sent = []
      await this.#lanes.idle()
    }
    for (const { maps, documents, change } of sectionsOf(operations, saves)) {
      await changes.map(maps, signal)
      if (documents.some((each) => each.kind !== 'run' && needsFilling(each))) {
        await allSent()
        await this.#fillAndSend(oneByOne(documents), signal)
      } else if (documents.length > 0) sent.push(told(this.#lanes.send(new DocumentBatch(documents), signal)))
      if (!change) continue
      await allSent()
      await changes.change(change, signal)
      if (change.do === 'delete-rows') await deadLetters.emptied(change.tableId, signal)
    }
    if (saves.length > 0) {
      await allSent()
      await changes.save(saves, signal)
    }
    return { sent }
  }

  async #fillAndSend(documents: readonly DocumentOperation[], signal: AbortSignal): Promise<void> {
    const { bulk, holes } = this.#options
    for (let at = 0; at < documents.length;) {
      const some = holes.next(documents, at)
      at += some.length
      const filled = new DocumentBatch(await holes.fill(some, signal))
      // the old document has what the new one lacked, if this comes again: it goes last
      if (some.some(({ hole, id }) => hole !== null && hole.from !== id)) {
        for (const portion of filled.portions(1)) await bulk.send(portion, signal)
      } else await this.#lanes.send(filled, signal)
    }
  }
}

/** A rejection is awaited later. */
function told(sent: Promise<void>): Promise<void> {
  sent.catch(() => undefined)
  return sent
}

/** What can be done at once, and what has to be done behind it. */
interface Section {
  readonly maps: MapStep[]
  readonly documents: (DocumentOperation | WrittenRun)[]
  readonly change: DocumentsStep | null
}

function* sectionsOf(
  operations: readonly (StoreOperation | WrittenRun)[],
  saves: SaveStep[],
): Generator<Section> {
  let maps: MapStep[] = []
  let documents: (DocumentOperation | WrittenRun)[] = []
  for (const operation of operations) {
    if (operation.kind !== 'change') {
      documents.push(operation)
      continue
    }
    for (const step of operation.steps) {
      if (step.do === 'map') maps.push(step)
      else if (step.do === 'save-table' || step.do === 'forget-table' || step.do === 'save-entry')
        saves.push(step)
      else {
        yield { maps, documents, change: step }
        ;[maps, documents] = [[], []]
      }
    }
  }
  yield { maps, documents, change: null }
}
