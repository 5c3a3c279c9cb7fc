import { stripVTControlCharacters, styleText } from 'node:util'
import { hasColours } from '../../styled.ts'

type Format = Parameters<typeof styleText>[0]

/** What is shown, and how it looks where there are colours. */
const styles = {
  insert: ['green', 'bold'],
  update: ['yellow', 'bold'],
  delete: ['red', 'bold'],
  schemaChange: ['magenta', 'bold'],
  message: ['cyan', 'bold'],
  added: 'green',
  removed: 'red',
  strong: 'bold',
  faint: 'dim',
} as const satisfies Record<string, Format | readonly string[]>

export type Style = keyof typeof styles

export type Paint = (style: Style, text: string) => string

export function painter(stream: NodeJS.WriteStream): Paint {
  if (!hasColours(stream)) return (_style, text) => text
  return (style, text) => {
    const format: string | readonly string[] = styles[style]
    return styleText((typeof format === 'string' ? format : [...format]) as Format, text, {
      validateStream: false,
    })
  }
}

/** How many columns a painted text takes, as long as none of its characters is a wide one. */
export const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length
