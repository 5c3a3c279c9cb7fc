/**
 * Which URLs have enough to do for now. When all that somebody is subscribed with have, reading on serves nobody yet.
 */
export class Supply {
  readonly #wanted: () => ReadonlySet<string>
  readonly #onHungry: () => void
  readonly #supplied = new Set<string>()
  /** What was found out, for which of the wanted; null when that may have changed. */
  #found: { readonly wanted: ReadonlySet<string>; readonly isEnough: boolean } | null = null

  /** `wanted` gives the same set as long as it has not changed. */
  constructor(wanted: () => ReadonlySet<string>, onHungry: () => void) {
    this.#wanted = wanted
    this.#onHungry = onHungry
  }

  supplied(url: string): void {
    this.#supplied.add(url)
    this.#found = null
  }

  hungry(url: string): void {
    this.#supplied.delete(url)
    this.#found = null
    this.#onHungry()
  }

  get isEnough(): boolean {
    const wanted = this.#wanted()
    if (this.#found?.wanted !== wanted)
      this.#found = { wanted, isEnough: wanted.size > 0 && this.#isEnoughFor(wanted) }
    return this.#found.isEnough
  }

  #isEnoughFor(wanted: ReadonlySet<string>): boolean {
    for (const url of wanted) if (!this.#supplied.has(url)) return false
    return true
  }
}
