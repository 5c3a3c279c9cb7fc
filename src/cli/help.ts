import { describeField, howToWrite } from '../config/config-tables.ts'
import { modules } from '../config/fields.ts'
import type { Field, Module } from '../config/field.ts'
import { commands } from './commands.ts'
import type { Command } from './commands.ts'
import { commonFlags, flagList, spell } from './flags.ts'
import type { Flag } from './flags.ts'

const width = 100

/** The list of commands. */
export function generalHelp(): string {
  return [
    wrap('Every change of a Postgres database, rows and DDL, as a stream.'),
    section('Usage', ['pgstream <command> [flags]']),
    section(
      'Commands',
      table(commands.map(({ name, argument, about }) => [argument ? `${name} ${argument}` : name, about])),
    ),
    section('Flags', flagTable(flagList.filter(({ name }) => commonFlags.includes(name)))),
    'pgstream help <command> tells the rest. Settings may also come from the environment or a file (-c).',
  ].join('\n\n')
}

/** Everything about one command. */
export function commandHelp(command: Command): string {
  const settings = command.settings.map((name): Module => modules[name])
  const fields = settings.flatMap((module) => Object.values(module.fields))
  return [
    wrap(command.details),
    section('Usage', [usageOf(command)]),
    section('Flags', flagTable(flagsOf(command))),
    ...settings.map(settingsOf),
    ...(fields.length === 0 ? [] : [wrap(howToWrite(fields))]),
    section('Examples', command.examples),
  ].join('\n\n')
}

export function usageOf({ name, argument, flags }: Command): string {
  return ['pgstream', name, ...(argument ? [argument] : []), ...(flags.length > 0 ? ['[flags]'] : [])].join(
    ' ',
  )
}

/** In the order of the command. */
export function flagsOf(command: Command): Flag[] {
  return [...command.flags, ...commonFlags].flatMap((name) => flagList.filter((flag) => flag.name === name))
}

const flagTable = (flags: readonly Flag[]): string[] => table(flags.map((flag) => [spell(flag), flag.about]))

function settingsOf({ title, fields }: Module): string {
  const lines = Object.values(fields).flatMap((field) => [
    field.name,
    ...wrap(describe(field), width - 6)
      .split('\n')
      .map((line) => `    ${line}`),
  ])
  return section(`Settings (${title})`, lines)
}

function describe(field: Field): string {
  const otherwise = field.default === undefined ? '' : ` Default ${field.default}.`
  const flag = field.flag === undefined ? '' : ` Flag --${field.flag}.`
  return `${describeField(field)}${otherwise}${flag}`
}

const section = (title: string, lines: readonly string[]): string =>
  [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n')

/** Two columns. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const column = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows.flatMap(([name, text]) =>
    wrap(text, width - column - 2)
      .split('\n')
      .map((line, place) => `${(place === 0 ? name : '').padEnd(column)}${line}`),
  )
}

function wrap(text: string, columns: number = width): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const line = lines.at(-1)!
    if (line === '') lines[lines.length - 1] = word
    else if (line.length + 1 + word.length <= columns) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}
