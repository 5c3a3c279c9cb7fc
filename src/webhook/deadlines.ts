/** Something that must be over at some time. */
export interface Limited {
  /** Of `performance.now()`. */
  deadline: number
  /** It is not over in time. Called once. */
  onLate: () => void
}

/** How much later than said it is noticed. */
const tickMs = 50

/** Many deadlines and one timer: a timer for each request would cost more than all else that is done for it here. */
export class Deadlines {
  readonly #running = new Set<Limited>()
  #timer: NodeJS.Timeout | null = null

  add(limited: Limited): void {
    this.#running.add(limited)
    this.#timer ??= setInterval(() => this.#look(), tickMs)
  }

  remove(limited: Limited): void {
    this.#running.delete(limited)
  }

  #look(): void {
    if (this.#running.size === 0) {
      clearInterval(this.#timer!)
      this.#timer = null
      return
    }
    const now = performance.now()
    for (const limited of this.#running) {
      if (now < limited.deadline) continue
      this.#running.delete(limited)
      limited.onLate()
    }
  }
}
