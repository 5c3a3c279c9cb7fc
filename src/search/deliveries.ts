import type { BulkSender } from './bulk.ts'
import type { HoleFiller } from './fill-holes.ts'
import type { SchemaChanges } from './schema-change.ts'
import type { DocumentOperation, StoreOperation } from './search-operation.ts'
import type { StoreChange } from './store-change.ts'

export interface DeliveryOptions {
  readonly bulk: BulkSender
  readonly changes: SchemaChanges
  readonly holes: HoleFiller
}

/** So many requests are under way at once; documents with one id are in one of them. */
const lanes = 3
/** Fewer documents are not worth another request. */
const leastInLane = 300

/** Does a batch in its order: all documents before a change are delivered before it, and those behind it after it. */
export async function deliverInOrder(
  operations: readonly StoreOperation[],
  { bulk, changes, holes }: DeliveryOptions,
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < operations.length;) {
    const documents = takeWhile(operations, at, isDocument)
    at += documents.length
    if (documents.length > 0) await deliver(documents)
    const between = takeWhile(operations, at, isChange)
    at += between.length
    if (between.length > 0) await changes.apply(between, signal)
  }

  async function deliver(documents: readonly DocumentOperation[]): Promise<void> {
    const whole = documents.some(needsFilling) ? await holes.fill(documents, signal) : documents
    // the old document has what the new one lacked, if this comes again: it goes last
    const inOneLane = documents.some(({ hole, id }) => hole !== null && hole.from !== id)
    const split = inOneLane ? [lastOfEach(whole)] : inLanes(lastOfEach(whole))
    await Promise.all(split.map((lane) => bulk.send(lane, signal)))
  }
}

const isDocument = (operation: StoreOperation): operation is DocumentOperation => operation.kind !== 'change'

const isChange = (operation: StoreOperation): operation is StoreChange => operation.kind === 'change'

const needsFilling = ({ hole, version }: DocumentOperation): boolean => hole !== null || version === null

function takeWhile<T, S extends T>(all: readonly T[], from: number, is: (item: T) => item is S): S[] {
  const taken: S[] = []
  for (let at = from; at < all.length; at++) {
    const item = all[at]!
    if (!is(item)) break
    taken.push(item)
  }
  return taken
}

/** What came later stands for what came before it: it says everything of the row. */
function lastOfEach(operations: readonly DocumentOperation[]): DocumentOperation[] {
  const last = new Map<string, DocumentOperation>()
  for (const operation of operations) {
    const key = `${operation.index}\0${operation.id}`
    last.delete(key)
    last.set(key, operation)
  }
  return last.size === operations.length ? [...operations] : [...last.values()]
}

function inLanes(operations: readonly DocumentOperation[]): DocumentOperation[][] {
  const count = Math.min(lanes, Math.floor(operations.length / leastInLane))
  if (count < 2) return operations.length === 0 ? [] : [[...operations]]
  const split: DocumentOperation[][] = Array.from({ length: count }, () => [])
  for (const operation of operations) {
    const { id } = operation
    // the last characters differ most
    const place = (id.charCodeAt(id.length - 1) + 7 * id.charCodeAt(id.length - 2)) % count
    split[place]!.push(operation)
  }
  return split.filter((lane) => lane.length > 0)
}
