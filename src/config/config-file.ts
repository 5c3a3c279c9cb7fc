import { readFileSync } from 'node:fs'
import { parse } from 'dotenv'
import { flattenYaml } from './yaml-file.ts'

export interface ConfigFile {
  /** Every name and text of the file, whoever they belong to. */
  readonly settings: Readonly<Record<string, string>>
  /** Sentences; none of them holds a value. */
  readonly problems: readonly string[]
}

/**
 * Reads a file of `NAME=value` lines, or of YAML if it is called so. What cannot be read is told as a problem, not thrown.
 */
export function readConfigFile(path: string): ConfigFile {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    return nothing(`The configuration file ${path} cannot be read: ${reason(error)}.`)
  }
  if (/\.ya?ml$/i.test(path)) return flattenYaml(path, text)
  const settings = parse(text)
  const problems = [...unreadLines(path, text, settings), ...cutValues(path, text)]
  for (const name of unclosed(text, settings)) {
    problems.push(`${name} (${path}): the quote before its value is not closed.`)
    delete settings[name]
  }
  return { settings, problems }
}

const nothing = (problem: string): ConfigFile => ({ settings: {}, problems: [problem] })

/** dotenv passes over lines it does not understand; a setting must not get lost like that. */
function unreadLines(path: string, text: string, settings: Readonly<Record<string, string>>): string[] {
  const spansLines = Object.values(settings).some((value) => value.includes('\n'))
  if (spansLines) return []
  return text.split(/\r?\n/).flatMap((line, index) => {
    const understood = /^\s*(?:#|$|(?:export\s+)?[\w.-]+(?:\s*=|:\s))/.test(line)
    return understood ? [] : [`${path} line ${index + 1}: not of the form NAME=value.`]
  })
}

/** A comment begins at any bare `#`: of `postgres://me:12#34@db/shop` only `postgres://me:12` would be left. */
function cutValues(path: string, text: string): string[] {
  const bare = /^\s*(?:export\s+)?(PGSTREAM_\w+)\s*=[^\S\r\n]*[^\s'"`#][^#\r\n]*(?<=\S)#/gim
  return [...text.matchAll(bare)].map(
    ([, name = '']) => `${name} (${path}): the value ends at its #; put the whole value in quotes.`,
  )
}

/** dotenv takes a quote that is not closed as part of the value. */
function unclosed(text: string, settings: Readonly<Record<string, string>>): string[] {
  const quoted = /^\s*(?:export\s+)?(PGSTREAM_\w+)\s*=[^\S\r\n]*(["'`])/gim
  return [...text.matchAll(quoted)].flatMap(([, name = '', quote = '']) =>
    settings[name]?.startsWith(quote) ? [name] : [],
  )
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return 'there is no such file'
  if (code === 'EISDIR') return 'it is a folder'
  if (code === 'EACCES') return 'permission denied'
  return error instanceof Error ? error.message : String(error)
}
