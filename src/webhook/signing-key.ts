import { createHmac, hash } from 'node:crypto'

/** Of SHA-256, in bytes. */
const [blockBytes, digestBytes] = [64, 32]

/** Longer ones are not copied. */
const mostCopied = 64 * 1024

/** What `hash` reads: a padded key, and what it is to be applied to. */
const [inner, outer] = [Buffer.alloc(mostCopied), Buffer.alloc(blockBytes + digestBytes)]

/** The key of a subscription, up to 64 bytes of it. Shows none of them when it is printed. */
export class SigningKey {
  readonly #key: Buffer
  readonly #innerPad: Buffer
  readonly #outerPad: Buffer

  constructor(key: Buffer) {
    const pad = (by: number): Buffer =>
      Buffer.from(Uint8Array.from({ length: blockBytes }, (_, i) => by ^ (key[i] ?? 0)))
    this.#key = key
    this.#innerPad = pad(0x36)
    this.#outerPad = pad(0x5c)
  }

  /**
   * HMAC-SHA-256 (RFC 2104) of a text and a body behind it, in base64. Of two hashes, because what `createHmac` makes for
   * each costs more than the hashes of a usual body do.
   */
  mac(text: string, body: Buffer): string {
    if (blockBytes + 3 * text.length + body.length > mostCopied)
      return createHmac('sha256', this.#key).update(text).update(body).digest('base64')
    inner.set(this.#innerPad)
    const at = blockBytes + inner.write(text, blockBytes)
    inner.set(body, at)
    outer.set(this.#outerPad)
    outer.write(hash('sha256', inner.subarray(0, at + body.length), 'binary'), blockBytes, 'latin1')
    return hash('sha256', outer, 'base64')
  }
}
