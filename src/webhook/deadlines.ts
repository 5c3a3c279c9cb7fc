/** Something that must be over at some time. */
export interface Limited {
  /** Of `performance.now()`. */
  deadline: number
  /** Of those that run; whoever makes it says -1. */
  place: number
  /** It is not over in time. Called once. */
  onLate: () => void
}

/** How much later than said it is noticed. */
const tickMs = 50

/** Many deadlines and one timer: a timer for each request would cost more than all else that is done for it here. */
export class Deadlines {
  /** Each knows its place: that costs a tenth of a Set. */
  readonly #running: Limited[] = []
  #timer: NodeJS.Timeout | null = null

  add(limited: Limited): void {
    limited.place = this.#running.push(limited) - 1
    this.#timer ??= setInterval(() => this.#look(), tickMs)
  }

  remove(limited: Limited): void {
    const { place } = limited
    if (place < 0) return
    limited.place = -1
    const last = this.#running.pop()!
    if (last === limited) return
    this.#running[place] = last
    last.place = place
  }

  #look(): void {
    if (this.#running.length === 0) {
      clearInterval(this.#timer!)
      this.#timer = null
      return
    }
    const now = performance.now()
    for (const limited of this.#running.filter(({ deadline }) => now >= deadline)) {
      if (limited.place < 0) continue
      this.remove(limited)
      limited.onLate()
    }
  }
}
