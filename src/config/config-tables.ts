import { errorTable } from '../errors.ts'
import { moduleList } from './fields.ts'
import type { Field } from './field.ts'
import { notation } from './values.ts'

/** The settings in Markdown, a table per module: a part of README.md. */
export function configTables(): string {
  return moduleList
    .map(({ title, enabledBy, fields }) =>
      [
        `**${title}**${enabledBy === undefined ? '' : `, enabled by ${enabledBy}`}`,
        markdownTable(
          ['Variable', 'Flag', 'Default', 'Meaning'],
          Object.values(fields).map((field) => [
            code(field.name),
            field.flag === undefined ? '' : code(`--${field.flag}`),
            field.default === undefined ? '' : code(field.default),
            describeField(field),
          ]),
        ),
      ].join('\n\n'),
    )
    .join('\n\n')
}

/** The sentences on notation and precedence that hold for these settings. */
export function howToWrite(fields: readonly Field[]): string {
  const types = new Set(fields.map(({ type }) => type))
  return [
    ...[...types].flatMap((type) => notation[type] ?? []),
    'A flag wins over the environment, that over the file (-c), that over the default.',
  ].join(' ')
}

/** What a setting means, in one or two sentences. */
export function describeField({ about, choices }: Field): string {
  return choices === undefined ? about : `${about} One of ${choices.join(', ')}.`
}

/** Every error code with its exit code, in Markdown: a part of README.md. */
export function errorTables(): string {
  return markdownTable(
    ['Code', 'Exit code', 'Meaning', 'What to do'],
    Object.entries(errorTable).map(([name, { exitCode, about, remedy }]) => [
      code(name),
      String(exitCode),
      about,
      remedy,
    ]),
  )
}

export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('<', '&lt;')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

const code = (text: string): string => `\`${text}\``
