import { parseArgs } from 'node:util'

const options = {
  rows: { type: 'string', default: '300000' },
  runs: { type: 'string', default: '3' },
  list: { type: 'boolean', default: false },
  profile: { type: 'string' },
  strict: { type: 'boolean', default: false },
  guard: { type: 'boolean', default: false },
  baseline: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

export interface Usage {
  readonly words: readonly string[]
  readonly rows: number
  readonly runs: number
  readonly list: boolean
  readonly profile: string | undefined
  readonly strict: boolean
  readonly guard: boolean
  readonly baseline: boolean
  readonly help: boolean
}

/** What is wanted of `npm run bench`. Says what is wrong with it in a sentence, and ends the process, where that cannot be read. */
export function usage(args: readonly string[]): Usage {
  try {
    const { values, positionals: words } = parseArgs({ args: [...args], allowPositionals: true, options })
    const { profile, ...rest } = values
    return { ...rest, profile, words, rows: count('rows', values.rows), runs: count('runs', values.runs) }
  } catch (error) {
    return refuse((error as Error).message)
  }
}

export function refuse(sentence: string): never {
  console.error(`${sentence}\nnpm run bench -- --help says what there is.`)
  process.exit(2)
}

function count(name: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new Error(`--${name} is ${JSON.stringify(text)}, and has to be a number of at least 1.`)
}
