import type { Position } from '../wal/position.ts'
import { Fifo } from './fifo.ts'

type Callback = (error?: Error | null) => void

/** Positions that wait for the operations queued before them. */
interface Waiting {
  readonly after: number
  /** One, or several of different partitions. A transaction of one row has a place here: few bytes count. */
  positions: Position | Map<string, Position> | null
  callbacks: Callback[] | null
  /** When the transaction was committed whose operations these are: microseconds since 1970; 0 when unknown. */
  readonly commitTime: number
}

/**
 * Decides which positions may be confirmed: those behind which no operation is unsettled. Operations are settled in the
 * order in which they were queued. Between two operations only the newest position of each partition is kept, so that
 * a million commits of nothing take no memory.
 */
export class PositionQueue {
  readonly #waiting = new Fifo<Waiting>()
  #durable = new Map<string, Position>()
  readonly #onCommitted: (commitTime: number) => void
  #queued = 0
  #settled = 0
  /** Of the transaction that is arriving. */
  #commitTime = 0

  /** `onCommitted` hears of each transaction, by its commit time, when all its operations are settled. */
  constructor(onCommitted: (commitTime: number) => void = () => undefined) {
    this.#onCommitted = onCommitted
  }

  /** When the oldest transaction was committed that is not settled: microseconds since 1970; 0 when there is none. */
  get oldestCommit(): number {
    return this.#waiting.first()?.commitTime || this.#commitTime
  }

  queued(operations: number, commitTime = 0): void {
    this.#queued += operations
    if (operations > 0) this.#commitTime ||= commitTime
  }

  /** Everything queued so far comes before this position. `callback` fires when all of that is settled. */
  note(position: Position | null, callback?: Callback): void {
    const commitTime = this.#commitTime
    if (position) this.#commitTime = 0
    if (this.#queued === this.#settled) {
      if (position && commitTime > 0) this.#onCommitted(commitTime)
      if (position) this.#durable.set(position.partition, position)
      if (callback) process.nextTick(callback, null)
      return
    }
    let last = this.#waiting.last()
    if (last?.after !== this.#queued) {
      last = { after: this.#queued, positions: null, callbacks: null, commitTime }
      this.#waiting.push(last)
    }
    if (position) last.positions = withPosition(last.positions, position)
    if (callback) (last.callbacks ??= []).push(callback)
  }

  /** The next `operations` of the queue are durable. */
  settle(operations: number): void {
    this.#settled += operations
    for (
      let next = this.#waiting.first();
      next && next.after <= this.#settled;
      next = this.#waiting.first()
    ) {
      this.#waiting.shift()
      const { positions, callbacks, commitTime } = next
      if (positions && commitTime > 0) this.#onCommitted(commitTime)
      for (const position of listed(positions)) this.#durable.set(position.partition, position)
      for (const callback of callbacks ?? []) process.nextTick(callback, null)
    }
  }

  /** What may be confirmed and was not taken before: at most one position per partition. */
  takeDurable(): Position[] {
    if (this.#durable.size === 0) return []
    const positions = [...this.#durable.values()]
    this.#durable = new Map()
    return positions
  }

  /** Nothing more will be settled: tells the callbacks that still wait. */
  fail(error: Error): void {
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
      for (const callback of next.callbacks ?? []) process.nextTick(callback, error)
    }
  }
}

function withPosition(known: Waiting['positions'], position: Position): Waiting['positions'] {
  if (known instanceof Map) return known.set(position.partition, position)
  if (!known || known.partition === position.partition) return position
  return new Map([known, position].map((one) => [one.partition, one]))
}

function listed(positions: Waiting['positions']): Iterable<Position> {
  if (positions instanceof Map) return positions.values()
  return positions ? [positions] : []
}
