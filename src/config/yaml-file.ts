import { isMap, isPair, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml'
import type { Pair, Scalar } from 'yaml'

export interface FlatYaml {
  readonly settings: Readonly<Record<string, string>>
  /** Sentences; none of them holds a value. */
  readonly problems: readonly string[]
}

/**
 * Settings of a YAML file by their names. Names may be written whole (`PGSTREAM_LOG_LEVEL: info`), or in parts that are
 * put together, in any case: `kafka: { writer: { batch_size: 100 } }`. A list is its items with blanks between.
 */
export function flattenYaml(path: string, text: string): FlatYaml {
  const lines = new LineCounter()
  // the text of a scalar counts, not what YAML makes of it: 0x10 and on are the parser's business
  const document = parseDocument(text, { lineCounter: lines, schema: 'failsafe', prettyErrors: false })
  const settings: Record<string, string> = {}
  const at = (offset: number | undefined): string =>
    offset === undefined ? path : `${path} line ${lines.linePos(offset).line}`
  const problems = document.errors.map(
    ({ pos, code }) => `${at(pos[0])}: this is no YAML (${code.toLowerCase().replaceAll('_', ' ')}).`,
  )
  if (problems.length > 0) return { settings, problems }
  if (document.contents !== null && !isMap(document.contents) && !isEmpty(document.contents)) {
    return { settings, problems: [`${path}: a map of settings is expected.`] }
  }
  visit(document, {
    Pair(_key, pair, ancestors) {
      const name = [...ancestors.filter(isPair), pair].map(keyOf).join('_')
      const written = withPrefix(name)
      const { value } = pair
      const offset = isScalar(pair.key) ? pair.key.range?.[0] : undefined
      if (isMap(value)) return undefined
      const text = textOf(value)
      if (text === null) problems.push(`${at(offset)}: ${written} is a text or a list of texts.`)
      else if (written in settings) problems.push(`${at(offset)}: ${written} is there twice.`)
      else settings[written] = text
      return visit.SKIP
    },
  })
  return { settings, problems }
}

const keyOf = ({ key }: Pair): string =>
  (isScalar(key) ? scalarText(key) : '')
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase()

const withPrefix = (name: string): string => (name.startsWith('PGSTREAM_') ? name : `PGSTREAM_${name}`)

function textOf(value: unknown): string | null {
  if (value === null) return ''
  if (isScalar(value)) return scalarText(value)
  if (isSeq(value) && value.items.every(isScalar))
    return value.items.map((item) => scalarText(item)).join(' ')
  return null
}

const isEmpty = (contents: unknown): boolean => isScalar(contents) && scalarText(contents) === ''

/** As it is written: the schema knows nothing but text. */
const scalarText = ({ value }: Scalar): string => (typeof value === 'string' ? value : '')
