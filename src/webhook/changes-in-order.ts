import { Fifo } from '../pipeline/fifo.ts'

/** A change in the order of the stream, until everything before it is done, too. */
export interface Place {
  isDone: boolean
}

/** Changes are done in any order, and settled in that of the stream. */
export class ChangesInOrder {
  readonly #places = new Fifo<Place>()

  get length(): number {
    return this.#places.length
  }

  add(): Place {
    const place = { isDone: false }
    this.#places.push(place)
    return place
  }

  /** How many can be settled now that this one is done. */
  done(place: Place): number {
    place.isDone = true
    let settled = 0
    while (this.#places.first()?.isDone) {
      this.#places.shift()
      settled++
    }
    return settled
  }
}
