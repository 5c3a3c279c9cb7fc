/** What the stream said of a row, as bits. */
export const asOld = 1
export const asWhole = 2
export const withHole = 4

const bytesPerName = 140
const mostBytes = 16 * 1024 * 1024

/** When the stream last said each of them of a row; 0 for never. */
interface Touch {
  old: number
  whole: number
  hole: number
}

/**
 * Which rows of a table the stream touched, by their names, and when: once for all windows that are open, since dozens of
 * them may be.
 */
export class Touches {
  readonly #touches = new Map<string, Touch>()
  #time = 0
  #bytes = 0

  /** A moment: what is noted from now on comes behind it. */
  get now(): number {
    return this.#time
  }

  /** `isOther`: the row is another one, which got this name: whatever was said of it before was said of one that is gone. */
  note(name: string, flag: number, isOther = false): void {
    let touch = this.#touches.get(name)
    if (!touch) {
      touch = { old: 0, whole: 0, hole: 0 }
      this.#touches.set(name, touch)
      this.#bytes += 2 * name.length + bytesPerName
    }
    this.#time++
    if (isOther) touch.whole = 0
    if ((flag & asOld) !== 0) touch.old = this.#time
    if ((flag & asWhole) !== 0) touch.whole = this.#time
    if ((flag & withHole) !== 0) touch.hole = this.#time
  }

  /** What was said of a row behind a moment, together; 0 for one that was not touched. */
  of(name: string, since: number): number {
    const touch = this.#touches.get(name)
    if (!touch) return 0
    const { old, whole, hole } = touch
    return (old > since ? asOld : 0) | (whole > since ? asWhole : 0) | (hole > since ? withHole : 0)
  }

  /** Whether they take more memory than they may. */
  get areTooMany(): boolean {
    return this.#bytes > mostBytes
  }

  /** Whether it is not worth it to look for more to forget: that would be done again and again. */
  get areMany(): boolean {
    return this.#bytes > mostBytes / 2
  }

  /** Nobody asks any more for what was said up to a moment. */
  forget(upTo: number): void {
    for (const [name, { old, whole, hole }] of this.#touches) {
      if (Math.max(old, whole, hole) > upTo) continue
      this.#touches.delete(name)
      this.#bytes -= 2 * name.length + bytesPerName
    }
  }

  clear(): void {
    this.#touches.clear()
    this.#bytes = 0
  }
}
