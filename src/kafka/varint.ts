/** Of a length or a distance: never negative, so its zigzag form is twice the number. */
export function varintBytes(number: number): number {
  if (number < 0x40) return 1
  if (number < 0x2000) return 2
  if (number < 0x10_0000) return 3
  return number < 0x800_0000 ? 4 : 5
}

/** Gives the place behind it. */
export function writeVarint(out: Buffer, start: number, number: number): number {
  let rest = (number << 1) >>> 0
  let at = start
  while (rest > 0x7f) {
    out[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  out[at++] = rest
  return at
}

/** With its length before it. */
export function lengthenedText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(varintBytes(bytes.length))
  writeVarint(length, 0, bytes.length)
  return Buffer.concat([length, bytes])
}
