import parse from 'parse-prometheus-text-format'

interface Sample {
  readonly value?: string
  readonly labels?: Readonly<Record<string, string>>
  readonly count?: string
  readonly sum?: string
}

interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly metrics: readonly Sample[]
}

/** What a parser that is not ours makes of a scrape; every line must have belonged to a described metric. */
export function readPrometheus(text: string): {
  family: (name: string) => Family
  value: (name: string, labels?: Readonly<Record<string, string>>) => number
} {
  const families = (parse as unknown as (text: string) => Family[])(text)
  const family = (name: string): Family => {
    const found = families.find((each) => each.name === name)
    if (!found) throw new Error(`There is no ${name} among ${families.map((each) => each.name).join(', ')}`)
    return found
  }
  for (const { name, type, help } of families) {
    if (!['COUNTER', 'GAUGE', 'HISTOGRAM'].includes(type) || help === '') {
      throw new Error(`${name} is of type ${type} and described by ${JSON.stringify(help)}`)
    }
  }
  const value = (name: string, labels: Readonly<Record<string, string>> = {}): number => {
    const sample = family(name).metrics.find((each) =>
      Object.entries(labels).every(([label, text]) => each.labels?.[label] === text),
    )
    if (!sample) throw new Error(`${name} has nothing for ${JSON.stringify(labels)}`)
    return Number(sample.value ?? sample.count)
  }
  return { family, value }
}
