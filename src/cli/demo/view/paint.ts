import { stripVTControlCharacters, styleText } from 'node:util'
import { hasColours } from '../../styled.ts'

type Format = Parameters<typeof styleText>[0]

export type Style =
  'insert' | 'update' | 'delete' | 'schemaChange' | 'message' | 'added' | 'removed' | 'strong' | 'faint'

/** How things look where there are colours. */
const formats: Readonly<Record<Style, Format>> = {
  insert: ['green', 'bold'],
  update: ['yellow', 'bold'],
  delete: ['red', 'bold'],
  schemaChange: ['magenta', 'bold'],
  message: ['cyan', 'bold'],
  added: 'green',
  removed: 'red',
  strong: 'bold',
  faint: 'dim',
}

export type Paint = (style: Style, text: string) => string

export function painter(stream: NodeJS.WriteStream): Paint {
  if (!hasColours(stream)) return (_style, text) => text
  return (style, text) => styleText(formats[style], text, { validateStream: false })
}

/** How many columns a painted text takes, as long as none of its characters is a wide one. */
export const widthOf = (text: string): number => [...stripVTControlCharacters(text)].length
