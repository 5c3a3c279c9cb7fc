/**
 * Whether somebody confirms what a source gives, and whether they are done: the part of every checkpointer that a listener
 * waits for before it lets go of its source.
 */
export class Confirmer {
  #attached = false
  #closed = false
  #wake: (() => void)[] = []

  /** Somebody confirms, or did. */
  get attached(): boolean {
    return this.#attached
  }

  open(): void {
    this.#attached = true
  }

  close(): void {
    this.#closed = true
    for (const wake of this.#wake.splice(0)) wake()
  }

  /** Resolves when nothing will be confirmed any more: at once when nobody ever said that they would. */
  async settled(): Promise<void> {
    if (this.#closed || !this.#attached) return
    await new Promise<void>((resolve) => this.#wake.push(resolve))
  }
}
