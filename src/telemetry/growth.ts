interface Sample {
  readonly at: number
  readonly bytes: number
}

const windowMs = 300_000
/** Shorter spans say nothing: WAL is kept and released in steps. */
const shortestMs = 20_000

/** How fast a number of bytes grows, over the last five minutes. */
export class Growth {
  readonly #samples: Sample[] = []

  /** Bytes per second, never below zero; `at` in milliseconds. */
  add(at: number, bytes: number): number {
    this.#samples.push({ at, bytes })
    while (this.#samples[0]!.at < at - windowMs) this.#samples.shift()
    const first = this.#samples[0]!
    const spanMs = at - first.at
    return spanMs < shortestMs ? 0 : Math.max(0, ((bytes - first.bytes) / spanMs) * 1000)
  }
}
