import type { ChangeEvent } from '../../../wal/event.ts'
import { widthOf } from './paint.ts'
import type { Paint, Style } from './paint.ts'
import { rowText } from './row-text.ts'
import type { SchemaMemory, SchemaNote } from './schema-memory.ts'
import { onOneLine, valueText } from './value-text.ts'

export interface TextOptions {
  readonly paint: Paint
  /** Columns that a line may take; longer ones go on below. */
  readonly width: number
  readonly memory: SchemaMemory
}

const words = {
  insert: ['insert', 'INSERT'],
  update: ['update', 'UPDATE'],
  delete: ['delete', 'DELETE'],
  truncate: ['delete', 'TRUNCATE'],
  'schema-change': ['schemaChange', 'DDL'],
  message: ['message', 'MESSAGE'],
} as const satisfies Record<ChangeEvent['kind'], readonly [Style, string]>

const wordWidth = 9

/** What an event says to a person, in lines. */
export function eventText(event: ChangeEvent, { paint, width, memory }: TextOptions): string[] {
  const [style, word] = words[event.kind]
  const start = (subject: string): string =>
    paint(style, word.padEnd(wordWidth)) + paint('strong', onOneLine(subject))
  switch (event.kind) {
    case 'schema-change':
      return memory
        .learn(event.entry)
        .flatMap((note) => layOut(`${start(note.subject)}:`, changeWords(note), ' ', width))
    case 'message': {
      const content = event.content.toString('utf8', 0, 200)
      return layOut(start(event.prefix), [valueText(content, 'text')], '  ', width)
    }
    default: {
      const { schema, table } = event.relation
      const parts = rowText(event, memory.primaryKeyOf(schema, table), paint)
      return layOut(start(`${schema}.${table}`), parts, '  ', width)
    }
  }
}

const changeWords = ({ changes }: SchemaNote): string[] => onOneLine(changes.join('; ')).split(' ')

/** The parts behind the start; those that have no room go below, indented. */
function layOut(start: string, parts: readonly string[], gap: string, width: number): string[] {
  const lines = [start]
  let used = widthOf(start)
  for (const part of parts) {
    used += gap.length + widthOf(part)
    if (used <= width || lines.at(-1) === start) {
      lines[lines.length - 1] += gap + part
    } else {
      const line = ' '.repeat(wordWidth + 2) + part
      used = widthOf(line)
      lines.push(line)
    }
  }
  return lines
}
