import meow from 'meow'
import { nearest } from '../config/nearest.ts'
import { PgstreamError } from '../errors.ts'
import { commandOf, commands } from './commands.ts'
import type { Command } from './commands.ts'
import { commonFlags, flagList } from './flags.ts'
import type { Flag } from './flags.ts'

export type Flags = Readonly<Record<string, string | boolean>>

export interface Arguments {
  /** Undefined if none is named. */
  readonly command: Command | undefined
  /** What follows the command: at most one word, where the command takes one. */
  readonly argument: string | undefined
  /** Those that were given, by their name without dashes. */
  readonly flags: Flags
}

/**
 * Understands a command line; flags may stand before or after the command.
 * @throws {PgstreamError} PGSTREAM_USAGE with the nearest command or flag that there is.
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const { input, given } = split(argv)
  const [name, ...rest] = input
  const command = name === undefined ? undefined : commandOf(name)
  if (name !== undefined && command === undefined) throw unknownCommand(name)
  for (const [flag, value] of Object.entries(given)) checkFlag(flag, value, argv, command)
  if (command?.name === 'help' && rest[0] !== undefined && !commandOf(rest[0])) throw unknownCommand(rest[0])
  if (rest.length > (command?.argument === undefined ? 0 : 1)) throw unexpected(rest.at(-1)!, command!)
  if (command && rest[0] === undefined && given['help'] !== true) checkArgument(command)
  return { command, argument: rest[0], flags: given as Flags }
}

/** Brackets say that it may be left out. */
function checkArgument(command: Command): void {
  const { name, argument = '[]' } = command
  if (!argument.startsWith('[')) throw usage(`pgstream ${name} needs a ${argument}.`, command)
}

/** meow would write its own words and end the process; it gets told to take everything, and we judge. */
function split(argv: readonly string[]): { input: readonly string[]; given: Record<string, unknown> } {
  const toFlag = (flag: Flag): [string, { type: 'string' | 'boolean'; shortFlag?: string }] => [
    camelCase(flag.name),
    {
      type: flag.placeholder === undefined ? 'boolean' : 'string',
      ...(flag.short === undefined ? {} : { shortFlag: flag.short }),
    },
  ]
  try {
    const { input, flags } = meow({
      importMeta: import.meta,
      argv,
      autoHelp: false,
      autoVersion: false,
      booleanDefault: undefined,
      description: false,
      flags: Object.fromEntries(flagList.map(toFlag)),
    })
    const given = Object.entries(flags).flatMap(([name, value]) =>
      value === undefined ? [] : [[kebabCase(name), value] as const],
    )
    return { input, given: Object.fromEntries(given) }
  } catch (cause) {
    const twice = /The flag --(\w+) can only be set once/.exec(String(cause))?.[1]
    if (twice === undefined) throw cause
    throw usage(`--${kebabCase(twice)} is given twice.`)
  }
}

const camelCase = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
const kebabCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

function checkFlag(
  name: string,
  value: unknown,
  argv: readonly string[],
  command: Command | undefined,
): void {
  const flag = flagList.find((known) => known.name === name)
  if (flag === undefined) throw unknownFlag(name, argv, command)
  if (command && !commonFlags.includes(name) && !command.flags.includes(name)) {
    const takers = commands.filter(({ flags }) => flags.includes(name)).map((taker) => taker.name)
    const where = takers.length === 0 ? '' : ` It belongs to ${takers.join(', ')}.`
    throw usage(`pgstream ${command.name} has no flag --${name}.${where}`)
  }
  const isSwitch = flag.placeholder === undefined
  const hasText = argv.some((text) => text.startsWith(`--${name}=`) && !/=(?:true|false)$/.test(text))
  if (isSwitch ? hasText || typeof value !== 'boolean' : typeof value !== 'string' || value.trim() === '') {
    throw usage(isSwitch ? `--${name} takes no value.` : `--${name} needs a value: ${flag.placeholder}.`)
  }
  if (flag.choices && !flag.choices.includes(String(value))) {
    throw usage(`--${name} is one of ${flag.choices.join(', ')}.`, command)
  }
}

function unknownCommand(name: string): PgstreamError {
  const close = nearest(name, [...commands.map((command) => command.name)])
  const hint = close === undefined ? '' : ` Did you mean ${close}?`
  return usage(`There is no command ${JSON.stringify(name)}.${hint}`)
}

function unknownFlag(name: string, argv: readonly string[], command: Command | undefined): PgstreamError {
  const written = argv.find((text) => text.startsWith('-') && kebabCase(text).includes(name))?.split('=')[0]
  const known = command ? [...command.flags, ...commonFlags] : flagList.map((flag) => flag.name)
  const close = nearest(name, known)
  const hint = close === undefined ? '' : ` Did you mean --${close}?`
  return usage(`There is no flag ${written ?? `--${name}`}.${hint}`, command)
}

function unexpected(argument: string, command: Command): PgstreamError {
  if (!/^postgres(ql)?:/i.test(argument) || !command.flags.includes('pgurl')) {
    return usage(`pgstream ${command.name} cannot use ${JSON.stringify(argument)}.`, command)
  }
  return usage(`pgstream ${command.name} takes the database by a flag: --pgurl URL.`, command)
}

const usage = (sentence: string, command?: Command): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_USAGE',
    sentence,
    command ? { remedy: `pgstream help ${command.name} shows what it takes.` } : {},
  )
