import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { Processor } from '../../src/pipeline/processor.ts'
import type { Operation } from '../../src/pipeline/processor.ts'
import type { ChangeEvent, WalEvent } from '../../src/wal/event.ts'
import { isPositionOnly } from '../../src/wal/event.ts'
import type { Position } from '../../src/wal/position.ts'
import { commit, insert, keepalive } from './events.ts'
import type { Random } from './workload/random.ts'

/** Changes, numbered from 1 in their first column, some with a position, and bare positions, of up to three partitions. */
export function randomEvents(random: Random): WalEvent[] {
  const partitions = random.some(['a', 'b', 'c'], random.between(1, 3))
  const offsets = new Map<string, number>()
  const next = (): Position => {
    const partition = random.pick(partitions)
    const offset = (offsets.get(partition) ?? -1) + random.between(1, 5)
    offsets.set(partition, offset)
    return { partition, offset: BigInt(offset) }
  }
  let number = 0
  return Array.from({ length: random.int(300) }, () =>
    random.weighted<() => WalEvent>([
      [5, () => insert(++number)],
      [2, () => ({ ...insert(++number), position: next() })],
      [2, () => ({ ...commit(number), position: next() })],
      [1, () => ({ ...keepalive(number), position: next() })],
    ])(),
  )
}

export const numberOf = (event: WalEvent): number | null =>
  isPositionOnly(event) ? null : ((event as { values: readonly number[] }).values[0] ?? null)

/** What a sink has stored for good, how long it takes for that, and what happens to it. */
export class StoreModel {
  /** Numbers of changes, in the order in which they became durable. */
  readonly stored: number[] = []
  readonly #random: Random
  /** Called before and after a change is stored. */
  readonly #fault: (number: number) => void
  readonly wants: (number: number) => boolean

  constructor(random: Random, fault: (number: number) => void) {
    this.#random = random
    this.#fault = fault
    const every = random.between(2, 9)
    this.wants = random.chance(0.5) ? () => true : (number) => number % every !== 0
  }

  async store(numbers: readonly number[]): Promise<void> {
    for (let turns = this.#random.int(4); turns > 0; turns--) await nextTurn()
    for (const number of numbers) {
      const isBefore = this.#random.chance(0.5)
      if (isBefore) this.#fault(number)
      this.stored.push(number)
      if (!isBefore) this.#fault(number)
    }
  }

  /** Whether everything that it wants of the first changes is stored, in order and once. */
  hasFirst(changes: number): boolean {
    const wanted = Array.from({ length: changes }, (_, i) => i + 1).filter(this.wants)
    return wanted.every((number, place) => this.stored[place] === number)
  }
}

interface NumberedOperation extends Operation {
  readonly number: number
}

class ModelProcessor extends Processor<NumberedOperation> {
  readonly #store: StoreModel

  constructor(store: StoreModel, random: Random, checkpointer: Checkpointer) {
    super({
      checkpointer,
      maxQueueBytes: random.between(1, 400),
      batchSize: random.between(1, 20),
      batchBytes: random.between(1, 300),
    })
    this.#store = store
  }

  protected override encode(event: ChangeEvent): NumberedOperation | null {
    const number = numberOf(event)!
    return this.#store.wants(number) ? { bytes: Buffer.alloc(10), number } : null
  }

  protected override async deliver(batch: readonly NumberedOperation[]): Promise<void> {
    await this.#store.store(batch.map(({ number }) => number))
  }
}

/** Any kind of sink that a user can make. */
export function randomSink(random: Random, store: StoreModel, checkpointer: Checkpointer): Writable {
  if (random.chance(0.5)) return new ModelProcessor(store, random, checkpointer)
  const take = (events: readonly WalEvent[], callback: (error?: Error) => void): void => {
    const numbers = events.map((event) => numberOf(event)!).filter(store.wants)
    store.store(numbers).then(() => callback(), callback)
  }
  const writable = new Writable({
    objectMode: true,
    highWaterMark: random.between(1, 20),
    write: (event: WalEvent, _encoding, callback) => take([event], callback),
    ...(random.chance(0.5)
      ? {
          writev: (chunks, callback) =>
            take(
              chunks.map(({ chunk }) => chunk as WalEvent),
              callback,
            ),
        }
      : {}),
  })
  return checkpointed(writable, checkpointer)
}

/** A source that looks, at each position it is told, whether every sink has everything before it. */
export class SourceModel implements Checkpointer {
  readonly confirmed = new Map<string, bigint>()
  opened = 0
  closed = 0
  /** Called at each checkpoint; may throw or reject. */
  fault: () => void | Promise<void> = () => undefined
  readonly #events: readonly WalEvent[]
  readonly #stores: readonly StoreModel[]
  readonly #random: Random
  #busy = false

  constructor(events: readonly WalEvent[], stores: readonly StoreModel[], random: Random) {
    this.#events = events
    this.#stores = stores
    this.#random = random
  }

  open(): void {
    this.opened++
  }

  checkpoint(positions: readonly Position[]): void | Promise<void> {
    assert.equal(this.#busy, false, 'one checkpoint at a time')
    assert.equal(this.closed, 0, 'nothing is confirmed behind the end')
    for (const position of positions) {
      const place = this.#events.findIndex((event) => event.position === position)
      const changes = this.#events.slice(0, place + 1).filter((event) => !isPositionOnly(event)).length
      for (const [sink, store] of this.#stores.entries()) {
        assert.ok(store.hasFirst(changes), `sink ${sink + 1} has ${changes} changes`)
      }
      const before = this.confirmed.get(position.partition) ?? -1n
      assert.ok(position.offset > before, 'a partition is never confirmed backwards or twice')
      this.confirmed.set(position.partition, position.offset)
    }
    if (this.#random.chance(0.5)) return this.fault()
    this.#busy = true
    return this.#answer()
  }

  async #answer(): Promise<void> {
    for (let turns = this.#random.int(4); turns > 0; turns--) await nextTurn()
    this.#busy = false
    await this.fault()
  }

  close(): void {
    this.closed++
  }

  /** The last position of each partition. */
  get ends(): Map<string, bigint> {
    return new Map(
      this.#events.flatMap(({ position }) => (position ? [[position.partition, position.offset]] : [])),
    )
  }
}
