/** What the oracle found wrong. The first ones matter: the others often follow from them. */
export class Problems {
  readonly found: string[] = []

  add(problem: string): void {
    this.found.push(problem)
  }

  check(holds: boolean, problem: () => string): void {
    if (!holds) this.found.push(problem())
  }
}

export const isSame = (a: unknown, b: unknown): boolean => textOf(a) === textOf(b)

/** Cut where it is long: not to be compared. */
export const shown = (value: unknown): string => {
  const text = textOf(value)
  return text.length <= 400 ? text : `${text.slice(0, 300)}… (${text.length} characters)`
}

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
