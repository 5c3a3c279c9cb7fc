/** What a client says first: what it wants to be connected to, or that it would like to encrypt. */
export type StartupPacket =
  | { readonly kind: 'encrypt' }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'start'; readonly parameters: ReadonlyMap<string, string> }

const cancelCode = 80_877_102
const encryptCodes = [80_877_103, 80_877_104]

/** The packet at the beginning of `bytes`, and how long it is; null while it is incomplete. */
export function readStartupPacket(bytes: Buffer): { packet: StartupPacket; length: number } | null {
  if (bytes.length < 8) return null
  const length = bytes.readUInt32BE(0)
  if (bytes.length < length) return null
  const code = bytes.readUInt32BE(4)
  if (encryptCodes.includes(code)) return { packet: { kind: 'encrypt' }, length }
  if (code === cancelCode) return { packet: { kind: 'cancel' }, length }
  const words = bytes.toString('utf8', 8, length).split('\0')
  const parameters = new Map<string, string>()
  for (let i = 0; i + 1 < words.length && words[i] !== ''; i += 2) parameters.set(words[i]!, words[i + 1]!)
  return { packet: { kind: 'start', parameters }, length }
}
