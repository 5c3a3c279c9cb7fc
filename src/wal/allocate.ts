import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { MessageChannel } from 'node:worker_threads'
import type { MessagePort } from 'node:worker_threads'

/** From here on one piece of memory counts. */
export const largeBytes: number = 16 * 1024 * 1024

type Collect = (options?: { type: 'minor' }) => void

/** Made when the first large piece is taken: both need a while until they work. */
let means: { readonly collectGarbage: Collect; readonly nowhere: MessagePort } | undefined

/**
 * Memory of so many bytes, with anything in it. Before a large piece is taken, what nobody needs any more is given back: by
 * itself V8 does that only once several of them have gathered, and they may be hundreds of megabytes each.
 */
export function allocate(bytes: number): Buffer {
  if (bytes > largeBytes) {
    means ??= makeMeans()
    means.collectGarbage()
  }
  return Buffer.allocUnsafe(bytes)
}

const fewBytes = 4 * 1024 * 1024
const manyBytes = 8 * 1024 * 1024
/** Who takes a few bytes as soon as that makes so many objects that V8 collects short-lived ones by itself. */
const soonMs = 50
let uncollected = 0
let collectedAt = 0

/**
 * Is told of memory that is taken and soon not needed any more, such as what a socket read: some megabytes of it outside of
 * the heap make V8 collect all garbage, six times a second where 20,000 rows a second come by, in 3 to 8 ms each
 * (test/bench/README.md). Short-lived garbage alone is collected before it comes to that, in 1 ms.
 */
export function takeShortLived(bytes: number): void {
  uncollected += bytes
  if (uncollected < fewBytes) return
  const now = performance.now()
  if (uncollected < manyBytes && now - collectedAt < soonMs) return
  uncollected = 0
  collectedAt = now
  collectShortLived()
  if (isHeapSmall) limitHeap()
}

let isHeapSmall = false
const mostYoungBytes = 8 * 1024 * 1024
let youngGrowth = 2
/** What may become garbage among old objects, and outside of the heap, before all of it is collected. */
const mostOldGarbage = 24 * 1024 * 1024
/** The same in percent of what is in use: until that is known, and where it is so much that looking through it takes long. */
const [firstPercent, leastPercent] = [60, 40]
let oldGrowth = 0
/** Old objects that are in use, about: the least there was, and somewhat more each time. */
let oldInUse = Infinity
const forgetting = 1.02

/**
 * For a process that does nothing else. The memory of new objects does not grow beyond 8 MB, or what it has by now, where V8
 * would take 32: rows are garbage long before that is full. That of old ones is collected when it has grown by 24 MB, where rows
 * come from Postgres: V8 would wait for four times what is in use where a queue was full, and for 8 MB where nothing waits,
 * several times a second (test/bench/README.md).
 */
export function keepHeapSmall(): void {
  isHeapSmall = true
  limitYoung(sizes().young)
  growOldBy(firstPercent)
}

function limitHeap(): void {
  const { young, old } = sizes()
  limitYoung(young)
  oldInUse = Math.min(old, oldInUse * forgetting)
  const percent = Math.max(leastPercent, Math.round((100 * mostOldGarbage) / oldInUse))
  if (Math.abs(percent - oldGrowth) > oldGrowth / 10) growOldBy(percent)
}

/** V8 reads these flags whenever it might grow; what it gave back while there was nothing to do it may take again. */
function limitYoung(size: number): void {
  const wanted = size < mostYoungBytes ? 2 : 1
  if (wanted === youngGrowth) return
  youngGrowth = wanted
  setFlagsFromString(`--semi-space-growth-factor=${wanted}`)
}

function growOldBy(percent: number): void {
  oldGrowth = percent
  setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/** What new objects may take, and what old ones do. */
function sizes(): { readonly young: number; readonly old: number } {
  let [young, old] = [0, 0]
  for (const { space_name: name, space_size: size, space_used_size: used } of getHeapSpaceStatistics()) {
    if (name === 'new_space') young = size
    else if (name !== 'new_large_object_space') old += used
  }
  return { young, old }
}

/** While a large piece of memory is filled from much that is small. */
export function collectShortLived(): void {
  means ??= makeMeans()
  means.collectGarbage({ type: 'minor' })
}

/**
 * Gives a large piece back to the system at once, and leaves `bytes` empty: only for what nobody else can have. Left to the
 * collection of garbage, a third row of 200 MB was in memory in one of six runs.
 */
export function giveBack(bytes: Buffer): void {
  if (bytes.length <= largeBytes || bytes.length !== bytes.buffer.byteLength) return
  // ArrayBuffer.prototype.transfer() says it better, and is not in Node.js 20
  means?.nowhere.postMessage(null, [bytes.buffer as ArrayBuffer])
}

function makeMeans(): NonNullable<typeof means> {
  return { collectGarbage: exposedGc(), nowhere: closedPort() }
}

/** What is transferred to it is freed, once it is closed: a few turns of the event loop later. */
function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port2.close()
  return port1
}

function exposedGc(): Collect {
  const exposed = globalThis.gc
  if (exposed) return exposed as Collect
  setFlagsFromString('--expose-gc')
  const gc = runInNewContext('gc') as Collect
  setFlagsFromString('--no-expose-gc')
  return gc
}
