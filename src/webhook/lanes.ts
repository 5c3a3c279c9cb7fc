import { Fifo } from '../pipeline/fifo.ts'
import type { LanesOf } from './lanes-of.ts'

/** A place in a lane. */
interface Ticket<T> {
  readonly work: Work<T>
  next: Ticket<T> | null
}

const none: readonly never[] = []

/** Something to do, and its place among the others. It is its own ticket in the first of its lanes: most have one only. */
export class Work<T> implements Ticket<T> {
  readonly item: T
  next: Ticket<T> | null = null
  otherTickets: readonly Ticket<T>[] = none
  /** Lanes in which something before it is not finished. */
  behind = 0

  constructor(item: T) {
    this.item = item
  }

  get work(): this {
    return this
  }
}

/**
 * Gives out in any order what has no lane in common, and one after the other what has one. A barrier is given out when
 * everything before it is finished, and nothing behind it before that is.
 */
export class Lanes<T extends { readonly lanes: LanesOf }> {
  readonly #most: number
  readonly #tails = new Map<string, Ticket<T>>()
  readonly #ready = new Fifo<Work<T>>()
  /** What nobody has looked at yet; null is a barrier with nothing to do. */
  readonly #held = new Fifo<T | null>()
  #unfinished = 0
  #isBehindBarrier = false

  /**
   * So many of the oldest are looked at, and no more than it takes to find the next; what is behind them takes no more memory than a
   * place in a list.
   */
  constructor(most: number) {
    this.#most = most
  }

  /** What was added and is not finished. */
  get length(): number {
    return this.#unfinished + this.#held.length
  }

  add(item: T): void {
    this.#held.push(item)
  }

  /** A barrier with nothing to do. */
  fence(): void {
    if (this.length > 0) this.#held.push(null)
  }

  /** The next that may be done now; it has to be finished some time. */
  next(): Work<T> | undefined {
    for (;;) {
      const work = this.#ready.shift()
      if (work) return work
      const item = this.#held.first()
      if (item === undefined || !this.#mayBegin(item)) return undefined
      this.#held.shift()
      if (item !== null) this.#begin(item)
    }
  }

  finish(work: Work<T>): void {
    this.#unfinished--
    const { lanes } = work.item
    if (lanes === 'barrier') this.#isBehindBarrier = false
    else {
      this.#leave(lanes[0]!, work)
      for (const [i, ticket] of work.otherTickets.entries()) this.#leave(lanes[i + 1]!, ticket)
    }
  }

  #mayBegin(item: T | null): boolean {
    if (item === null || item.lanes === 'barrier') return this.#unfinished === 0
    return !this.#isBehindBarrier && this.#unfinished < this.#most
  }

  #begin(item: T): void {
    const work = new Work(item)
    const { lanes } = item
    this.#unfinished++
    if (lanes === 'barrier') this.#isBehindBarrier = true
    else {
      this.#join(lanes[0]!, work)
      if (lanes.length > 1)
        work.otherTickets = lanes.slice(1).map((lane) => this.#join(lane, { work, next: null }))
    }
    if (work.behind === 0) this.#ready.push(work)
  }

  #join(lane: string, ticket: Ticket<T>): Ticket<T> {
    const tail = this.#tails.get(lane)
    this.#tails.set(lane, ticket)
    if (tail) {
      tail.next = ticket
      ticket.work.behind++
    }
    return ticket
  }

  #leave(lane: string, { next }: Ticket<T>): void {
    if (next === null) this.#tails.delete(lane)
    else if (--next.work.behind === 0) this.#ready.push(next.work)
  }
}
