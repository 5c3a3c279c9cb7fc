/** An element of an array as Postgres prints it: text, null, or an array again. */
export type Element = string | null | readonly Element[]

/**
 * Reads an array as Postgres prints it, with its dimensions and without their bounds. Null when it is none.
 */
export function readArray(text: string, delimiter = ','): readonly Element[] | null {
  const begin = text.startsWith('[') ? text.indexOf('=') + 1 : 0
  const end = { at: begin }
  const elements = readElements(text, end, delimiter)
  return elements !== null && end.at === text.length ? elements : null
}

function readElements(text: string, place: { at: number }, delimiter: string): Element[] | null {
  if (text[place.at] !== '{') return null
  place.at++
  const elements: Element[] = []
  if (text[place.at] === '}') {
    place.at++
    return elements
  }
  for (;;) {
    const element = readElement(text, place, delimiter)
    if (element === undefined) return null
    elements.push(element)
    const next = text[place.at++]
    if (next === '}') return elements
    if (next !== delimiter) return null
  }
}

function readElement(text: string, place: { at: number }, delimiter: string): Element | undefined {
  const first = text[place.at]
  if (first === '{') return readElements(text, place, delimiter) ?? undefined
  if (first === '"') return readQuoted(text, place)
  const begin = place.at
  while (place.at < text.length && text[place.at] !== delimiter && text[place.at] !== '}') {
    if (text[place.at] === '\\') place.at++
    place.at++
  }
  const bare = text.slice(begin, place.at)
  return bare === 'NULL' ? null : bare.replace(/\\(.)/gs, '$1')
}

/** Within arrays a quote is escaped by a backslash, within ranges it may be doubled. */
function readQuoted(text: string, place: { at: number }): string | undefined {
  let value = ''
  let begin = ++place.at
  for (; place.at < text.length; place.at++) {
    const character = text[place.at]
    if (character !== '"' && character !== '\\') continue
    value += text.slice(begin, place.at)
    if (character === '"' && text[place.at + 1] !== '"') {
      place.at++
      return value
    }
    begin = ++place.at
  }
  return undefined
}

/** Null is no bound. */
export interface Range {
  readonly lower: string | null
  readonly upper: string | null
  readonly includesLower: boolean
  readonly includesUpper: boolean
}

/** Reads a range as Postgres prints it: `empty`, or null when it is none. */
export function readRange(text: string): Range | 'empty' | null {
  if (text === 'empty') return 'empty'
  const place = { at: 0 }
  const range = readRangeAt(text, place)
  return range !== null && place.at === text.length ? range : null
}

/** Reads a multirange: its ranges in their order; null when it is none. */
export function readMultirange(text: string): readonly Range[] | null {
  if (text === '{}') return []
  if (!text.startsWith('{')) return null
  const ranges: Range[] = []
  const place = { at: 1 }
  for (;;) {
    const range = readRangeAt(text, place)
    if (range === null) return null
    ranges.push(range)
    const next = text[place.at++]
    if (next === '}') return place.at === text.length ? ranges : null
    if (next !== ',') return null
  }
}

function readRangeAt(text: string, place: { at: number }): Range | null {
  const begin = text[place.at++]
  if (begin !== '[' && begin !== '(') return null
  const lower = readBound(text, place)
  if (lower === undefined || text[place.at++] !== ',') return null
  const upper = readBound(text, place)
  const end = text[place.at++]
  if (upper === undefined || (end !== ']' && end !== ')')) return null
  return { lower, upper, includesLower: begin === '[', includesUpper: end === ']' }
}

function readBound(text: string, place: { at: number }): string | null | undefined {
  if (text[place.at] === '"') return readQuoted(text, place)
  const begin = place.at
  while (place.at < text.length && !',])'.includes(text[place.at]!)) place.at++
  return place.at === begin ? null : text.slice(begin, place.at)
}
