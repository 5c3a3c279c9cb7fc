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

/** Not scenarios: how many words each of them takes, itself among them, and which options. */
const apart: Readonly<Record<string, { readonly words: number; readonly options: readonly string[] }>> = {
  micro: { words: 1, options: [] },
  latency: { words: 2, options: [] },
  idle: { words: 1, options: [] },
  backfill: { words: 1, options: ['rows'] },
}

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
    const read = parseArgs({ args: [...args], allowPositionals: true, tokens: true, options })
    const { values, positionals: words } = read
    const given: readonly string[] = read.tokens.flatMap((token) =>
      token.kind === 'option' ? [token.name] : [],
    )
    const { profile, ...rest } = values
    const numbers = { rows: count('rows', values.rows), runs: count('runs', values.runs) }
    refuseUnused(words, given)
    if (values.baseline && ['rows', 'runs', 'profile'].some((name) => given.includes(name)))
      throw new Error('--baseline keeps what a whole run says: without --rows, --runs and --profile.')
    return { ...rest, ...numbers, profile, words }
  } catch (error) {
    return refuse((error as Error).message)
  }
}

export function refuse(sentence: string): never {
  console.error(`${sentence}\nnpm run bench -- --help says what there is.`)
  process.exit(2)
}

function refuseUnused(words: readonly string[], given: readonly string[]): void {
  const [first = ''] = words
  const takes = Object.hasOwn(apart, first) ? apart[first]! : null
  if (takes === null || given.includes('help')) return
  const word = words[takes.words]
  if (word !== undefined) throw new Error(`${first} takes no word ${word}.`)
  const option = given.find((name) => !takes.options.includes(name))
  if (option !== undefined) throw new Error(`${first} takes no --${option}.`)
}

function count(name: string, text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new Error(`--${name} is ${JSON.stringify(text)}, and has to be a number of at least 1.`)
}
