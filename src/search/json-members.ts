/**
 * The members of a JSON object by their names, each as it is written: numbers keep their digits. For JSON that a store or we
 * wrote ourselves: what is none gives an empty answer.
 */
export function membersOf(json: string): Map<string, string> {
  const members = new Map<string, string>()
  let at = skipBlanks(json, 0)
  if (json[at] !== '{') return members
  at = skipBlanks(json, at + 1)
  while (json[at] === '"') {
    const nameEnd = endOfValue(json, at)
    const name = JSON.parse(json.slice(at, nameEnd)) as string
    const begin = skipBlanks(json, skipBlanks(json, nameEnd) + 1)
    const end = endOfValue(json, begin)
    members.set(name, json.slice(begin, end))
    at = skipBlanks(json, end)
    if (json[at] !== ',') break
    at = skipBlanks(json, at + 1)
  }
  return members
}

/** The elements of a JSON array, each as it is written. */
export function elementsOf(json: string): string[] {
  const elements: string[] = []
  let at = skipBlanks(json, 0)
  if (json[at] !== '[') return elements
  at = skipBlanks(json, at + 1)
  while (at < json.length && json[at] !== ']') {
    const end = endOfValue(json, at)
    elements.push(json.slice(at, end))
    at = skipBlanks(json, end)
    if (json[at] !== ',') break
    at = skipBlanks(json, at + 1)
  }
  return elements
}

export const joinMembers = (members: ReadonlyMap<string, string>): string =>
  `{${[...members].map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`

function endOfValue(json: string, begin: number): number {
  let depth = 0
  for (let at = begin; at < json.length; at++) {
    switch (json[at]) {
      case '"':
        at = endOfString(json, at)
        if (depth === 0) return at + 1
        break
      case '{':
      case '[':
        depth++
        break
      case '}':
      case ']':
        if (depth === 0) return at
        if (--depth === 0) return at + 1
        break
      case ',':
        if (depth === 0) return at
        break
      case ' ':
      case '\n':
      case '\t':
      case '\r':
      case ':':
        if (depth === 0) return at
        break
      default:
    }
  }
  return json.length
}

function endOfString(json: string, begin: number): number {
  for (let at = begin + 1; at < json.length; at++) {
    if (json[at] === '\\') at++
    else if (json[at] === '"') return at
  }
  return json.length
}

function skipBlanks(json: string, from: number): number {
  let at = from
  while (at < json.length && /\s/.test(json[at]!)) at++
  return at
}
