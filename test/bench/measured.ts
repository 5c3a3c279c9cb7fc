/** What one run of one scenario, or of its limit, took. */
export interface Measured {
  readonly rows: number
  readonly seconds: number
  /** Of our process, user and system; undefined where the process is not ours. */
  readonly cpuMicros?: number
  readonly peakRss?: number
  readonly firstRowSeconds?: number
  /** Milliseconds, sorted. */
  readonly latencies?: readonly number[]
}

/** Medians of several runs. */
export interface Medians {
  readonly runs: number
  readonly rowsPerSecond: number
  readonly cpuMicrosPerRow?: number
  readonly peakRssMb?: number
  readonly firstRowSeconds?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
}

export function medians(runs: readonly Measured[]): Medians {
  const of = (value: (run: Measured) => number | undefined): number | undefined => {
    const values = runs.flatMap((run) => value(run) ?? [])
    return values.length === 0 ? undefined : median(values)
  }
  return {
    runs: runs.length,
    rowsPerSecond: median(runs.map(({ rows, seconds }) => rows / seconds)),
    ...defined({
      cpuMicrosPerRow: of(({ cpuMicros, rows }) => (cpuMicros === undefined ? undefined : cpuMicros / rows)),
      peakRssMb: of(({ peakRss }) => (peakRss === undefined ? undefined : peakRss / 2 ** 20)),
      firstRowSeconds: of(({ firstRowSeconds }) => firstRowSeconds),
      p50Ms: of(({ latencies }) => quantile(latencies, 0.5)),
      p99Ms: of(({ latencies }) => quantile(latencies, 0.99)),
    }),
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

const quantile = (sorted: readonly number[] | undefined, part: number): number | undefined =>
  sorted?.[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}
