const wordBytes = 4

let viewed: ArrayBufferLike | null = null
let view: DataView = new DataView(new ArrayBuffer(0))

/** What `bytes` are a part of, from its very begin on: the same for all messages that came together. */
export function viewAround(bytes: Buffer): DataView {
  const { buffer } = bytes
  if (buffer === viewed) return view
  viewed = buffer
  view = new DataView(buffer)
  return view
}

/** Bytes that are looked for at given places, four at a time: a loop over single ones takes three times as long. */
export class BytePiece {
  readonly length: number
  readonly #words: Int32Array
  /** Behind the last word. */
  readonly #rest: Uint8Array

  constructor(bytes: Buffer) {
    const words = Math.floor(bytes.length / wordBytes)
    this.length = bytes.length
    this.#words = Int32Array.from({ length: words }, (_, i) => bytes.readInt32LE(wordBytes * i))
    this.#rest = Uint8Array.from(bytes.subarray(wordBytes * words))
  }

  /** Whether it stands at this place of what is viewed, before `end`. */
  isAt(around: DataView, start: number, end: number): boolean {
    if (start + this.length > end) return false
    const words = this.#words
    const rest = this.#rest
    let at = start
    for (let i = 0; i < words.length; i++, at += wordBytes)
      if (around.getInt32(at, true) !== words[i]) return false
    for (let i = 0; i < rest.length; i++, at++) if (around.getUint8(at) !== rest[i]) return false
    return true
  }
}
