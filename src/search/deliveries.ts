import type { BulkSender } from './bulk.ts'
import type { DeadLetters } from './dead-letters.ts'
import { needsFilling } from './fill-holes.ts'
import type { HoleFiller } from './fill-holes.ts'
import type { SchemaChanges } from './schema-change.ts'
import type { DocumentOperation, StoreOperation } from './search-operation.ts'
import type { DocumentsStep, MapStep, SaveStep } from './store-change.ts'

export interface DeliveryOptions {
  readonly bulk: BulkSender
  readonly changes: SchemaChanges
  readonly holes: HoleFiller
  readonly deadLetters: DeadLetters
}

/** So many requests are under way at once; documents with one id are in one of them. */
const lanes = 3
/** Fewer documents are not worth another request. */
const leastInLane = 300

/**
 * Does a batch in its order: all documents before a change of documents are delivered before it, and those behind it after
 * it. Fields and names are made before the documents between two of those, also before the earlier ones, which do not
 * need them: many small DDL commands among rows are then one change of a mapping. What is known is kept at the end.
 */
export async function deliverInOrder(
  operations: readonly StoreOperation[],
  { bulk, changes, holes, deadLetters }: DeliveryOptions,
  signal: AbortSignal,
): Promise<void> {
  const saves: SaveStep[] = []
  for (const { maps, documents, change } of sectionsOf(operations, saves)) {
    await changes.map(maps, signal)
    if (documents.length > 0) await deliver(documents)
    if (change) await changes.change(change, signal)
    if (change?.do === 'delete-rows') await deadLetters.emptied(change.tableId, signal)
  }
  if (saves.length > 0) await changes.save(saves, signal)

  async function deliver(documents: readonly DocumentOperation[]): Promise<void> {
    if (!documents.some(needsFilling)) return send(documents, false)
    for (let at = 0; at < documents.length;) {
      const some = holes.next(documents, at)
      at += some.length
      // the old document has what the new one lacked, if this comes again: it goes last
      const inOrder = some.some(({ hole, id }) => hole !== null && hole.from !== id)
      await send(await holes.fill(some, signal), inOrder)
    }
  }

  async function send(documents: readonly DocumentOperation[], inOrder: boolean): Promise<void> {
    const last = lastOfEach(documents)
    await Promise.all((inOrder ? [last] : inLanes(last)).map((lane) => bulk.send(lane, signal)))
  }
}

/** What can be done at once, and what has to be done behind it. */
interface Section {
  readonly maps: MapStep[]
  readonly documents: DocumentOperation[]
  readonly change: DocumentsStep | null
}

function* sectionsOf(operations: readonly StoreOperation[], saves: SaveStep[]): Generator<Section> {
  let maps: MapStep[] = []
  let documents: DocumentOperation[] = []
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

/** By a version of the user's own: the LSNs of one row only rise. */
const isNewer = ({ version: a }: DocumentOperation, { version: b }: DocumentOperation): boolean =>
  b?.type === 'external_gte' && a !== null && a.value > b.value

/** What came later stands for what came before it: it says everything of the row. */
function lastOfEach(operations: readonly DocumentOperation[]): readonly DocumentOperation[] {
  const indices = new Map<string, Map<string, DocumentOperation>>()
  let last = new Map<string, DocumentOperation>()
  let index: string | null = null
  let count = 0
  for (const operation of operations) {
    if (operation.index !== index) {
      index = operation.index
      last = indices.get(index) ?? new Map<string, DocumentOperation>()
      indices.set(index, last)
    }
    const before = last.get(operation.id)
    if (before === undefined) count++
    else if (isNewer(before, operation)) continue
    else last.delete(operation.id)
    last.set(operation.id, operation)
  }
  if (count === operations.length) return operations
  return [...indices.values()].flatMap((last) => [...last.values()])
}

/** In pieces, because no two have the same id: neighbours stand beside each other in memory. */
function inLanes(operations: readonly DocumentOperation[]): (readonly DocumentOperation[])[] {
  const count = Math.max(1, Math.min(lanes, Math.floor(operations.length / leastInLane)))
  const most = Math.ceil(operations.length / count)
  return Array.from({ length: count }, (_, i) => operations.slice(i * most, (i + 1) * most))
}
