import { errorTable, PgstreamError } from '../errors.ts'
import { readConfigFile } from './config-file.ts'
import { moduleList } from './fields.ts'
import type { Field } from './field.ts'
import type { Config } from './fields.ts'
import { unknownNames } from './unknown-names.ts'
import { parsers, ValueError } from './values.ts'

export interface ConfigSources {
  /** By the name of the flag, as given on the command line. */
  readonly flags: Readonly<Record<string, string | boolean>>
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Finds what is wrong with the values together, to be told with what is wrong with each. */
  readonly examine?: ((config: Config) => readonly PgstreamError[]) | undefined
}

export type Origin = 'flag' | 'environment' | 'file' | 'default'

export interface ConfigRead {
  readonly config: Config
  /** Where the value of a variable came from; undefined if it has none. */
  readonly originOf: (name: Field['name']) => Origin | undefined
  /** Sentences without values. */
  readonly warnings: readonly string[]
}

/**
 * Reads every setting: flags win over the environment, that over the file, that over the default. Empty text counts as
 * not set. Changes nothing of `process.env`.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID with everything that is wrong, and without a value that may be secret.
 */
export function readConfig({ flags, environment, examine }: ConfigSources): ConfigRead {
  const path = textOf(flags['config']) ?? textOf(environment['PGSTREAM_CONFIG'])
  const where = path ?? 'file'
  const file = path === undefined ? { settings: {}, problems: [] } : readConfigFile(path)
  const fromFile = upperCaseNames(file.settings)
  const problems = [...file.problems, ...unknownNames(namesOf(fromFile), where)]
  const warnings = unknownNames(namesOf(environment), 'environment')
  if ('PGSTREAM_CONFIG' in fromFile)
    problems.push(`PGSTREAM_CONFIG (${where}): a file cannot name another file.`)

  const origins = new Map<string, Origin>()
  const read = (field: Field): unknown => {
    const given = find(field, { flags, environment, fromFile, where })
    if (given === undefined) return undefined
    origins.set(field.name, given.origin)
    try {
      return parsers[field.type](given.text, field)
    } catch (error) {
      if (!(error instanceof ValueError)) throw error
      const shown = field.secret || mayHoldPassword.has(field.type) ? 'the value' : JSON.stringify(given.text)
      problems.push(`${given.label}: ${shown} is not ${error.message}.`)
      return undefined
    }
  }
  const config = Object.fromEntries(
    moduleList.map(({ key, fields }) => [
      key,
      Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, read(field)])),
    ]),
  )
  const together = examine?.(config as Config) ?? []
  if (problems.length === 0 && together.length === 1) throw together[0]!
  // a value that could not be read counts as not set here: that is no second mistake
  const isTold = (name: string): boolean => problems.some((problem) => problem.includes(name))
  for (const { message, remedy } of together) {
    const names = message.match(/PGSTREAM_[A-Z_]+/g) ?? []
    if (!names.some(isTold)) problems.push(remedy === invalidRemedy ? message : `${message} ${remedy}`)
  }
  // who mends the others would meet these as the next ones
  if (problems.length > 0) throw invalid([...problems, ...warnings])
  return { config: config as Config, originOf: (name) => origins.get(name), warnings }
}

const invalidRemedy = errorTable.PGSTREAM_CONFIG_INVALID.remedy

const mayHoldPassword: ReadonlySet<Field['type']> = new Set<Field['type']>(['url', 'booleanOrUrl'])

interface Given {
  readonly text: string
  readonly origin: Origin
  /** How a message calls the setting. */
  readonly label: string
}

interface Texts {
  readonly flags: ConfigSources['flags']
  readonly environment: ConfigSources['environment']
  readonly fromFile: Readonly<Record<string, string>>
  /** The path of the file. */
  readonly where: string
}

function find(field: Field, { flags, environment, fromFile, where }: Texts): Given | undefined {
  const { name, flag } = field
  const candidates: [Origin, string | boolean | undefined, string][] = [
    ['flag', flag === undefined ? undefined : flags[flag], `--${flag ?? ''}`],
    ['environment', environment[name], `${name} (environment)`],
    ['file', fromFile[name], `${name} (${where})`],
    ['default', field.default, `${name} (default)`],
  ]
  for (const [origin, value, label] of candidates) {
    const text = textOf(value)
    if (text !== undefined) return { text, origin, label }
  }
  return undefined
}

function textOf(value: string | boolean | undefined): string | undefined {
  const text = value === undefined ? '' : String(value).trim()
  return text === '' ? undefined : text
}

const namesOf = (values: Readonly<Record<string, string | undefined>>): string[] =>
  Object.keys(values).filter((name) => textOf(values[name]) !== undefined)

const upperCaseNames = (settings: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).map(([name, text]) => [
      /^pgstream_/i.test(name) ? name.toUpperCase() : name,
      text,
    ]),
  )

function invalid(problems: readonly string[]): PgstreamError {
  const sentence =
    problems.length === 1
      ? problems.join('')
      : [`${problems.length} things are wrong in the configuration:`, ...problems].join('\n- ')
  return new PgstreamError('PGSTREAM_CONFIG_INVALID', sentence)
}
