import { Fifo } from '../pipeline/fifo.ts'
import type { LanesOf } from './lanes-of.ts'

/** Something to do, and its place among the others. */
export interface Work<T> {
  readonly item: T
  readonly lanes: LanesOf
  /** Its place in each of its lanes. */
  tickets: readonly Ticket<T>[]
  /** Lanes in which something before it is not finished. */
  behind: number
}

interface Ticket<T> {
  readonly work: Work<T>
  next: Ticket<T> | null
}

/**
 * Gives out in any order what has no lane in common, and one after the other what has one. A barrier is given out when
 * everything before it is finished, and nothing behind it before that is.
 */
export class Lanes<T> {
  readonly #tails = new Map<string, Ticket<T>>()
  readonly #ready = new Fifo<Work<T>>()
  /** From the first barrier on that has to wait; null is a barrier with nothing to do. */
  readonly #held = new Fifo<Work<T> | null>()
  #unfinished = 0
  #isBehindBarrier = false

  /** What was added and is not finished. */
  get length(): number {
    return this.#unfinished + this.#held.length
  }

  add(item: T, lanes: LanesOf): void {
    const work = { item, lanes, tickets: [], behind: 0 }
    if (this.#held.length > 0 || !this.#mayBegin(work)) this.#held.push(work)
    else this.#begin(work)
  }

  /** A barrier with nothing to do. */
  fence(): void {
    if (this.length > 0) this.#held.push(null)
  }

  /** The next that may be done now; it has to be finished some time. */
  next(): Work<T> | undefined {
    return this.#ready.shift()
  }

  finish({ lanes, tickets }: Work<T>): void {
    this.#unfinished--
    if (lanes === 'barrier') this.#isBehindBarrier = false
    else for (const [i, ticket] of tickets.entries()) this.#leave(lanes[i]!, ticket)
    for (
      let work = this.#held.first();
      work !== undefined && this.#mayBegin(work);
      work = this.#held.first()
    ) {
      this.#held.shift()
      if (work !== null) this.#begin(work)
    }
  }

  #mayBegin(work: Work<T> | null): boolean {
    if (work === null || work.lanes === 'barrier') return this.#unfinished === 0
    return !this.#isBehindBarrier
  }

  #begin(work: Work<T>): void {
    this.#unfinished++
    if (work.lanes === 'barrier') this.#isBehindBarrier = true
    else work.tickets = work.lanes.map((lane) => this.#join(lane, work))
    if (work.behind === 0) this.#ready.push(work)
  }

  #join(lane: string, work: Work<T>): Ticket<T> {
    const ticket: Ticket<T> = { work, next: null }
    const tail = this.#tails.get(lane)
    this.#tails.set(lane, ticket)
    if (tail) {
      tail.next = ticket
      work.behind++
    }
    return ticket
  }

  #leave(lane: string, { next }: Ticket<T>): void {
    if (next === null) this.#tails.delete(lane)
    else if (--next.work.behind === 0) this.#ready.push(next.work)
  }
}
