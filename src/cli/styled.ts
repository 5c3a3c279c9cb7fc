const codes = { good: [32, 39], bad: [31, 39], warning: [33, 39], strong: [1, 22], dim: [2, 22] } as const

export type Style = keyof typeof codes

/** Whether a stream shows colours: a terminal that has them, unless NO_COLOR is set. */
export const hasColours = (stream: NodeJS.WriteStream): boolean => stream.isTTY && stream.hasColors()

/** The text in a style where `stream` shows it, else as it is. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream): string {
  if (!hasColours(stream)) return text
  const [on, off] = codes[style]
  return `\u001b[${on}m${text}\u001b[${off}m`
}
