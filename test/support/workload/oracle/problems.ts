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

export const shown = (value: unknown): string => {
  const text = JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? `${part}n` : part))
  return text.length <= 400 ? text : `${text.slice(0, 300)}… (${text.length} characters)`
}
