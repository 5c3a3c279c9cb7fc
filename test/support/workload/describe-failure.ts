import type { PostgresSource } from '../postgres.ts'
import { openBench } from './bench.ts'
import type { Bench } from './bench.ts'
import { shrink } from './shrink.ts'
import type { Step } from './step.ts'

export interface Failure {
  /** Of one server. */
  readonly sources: readonly [PostgresSource, ...PostgresSource[]]
  readonly seed: number
  readonly steps: readonly Step[]
  readonly problems: readonly string[]
}

const shrinkTimeMs = 30_000

/** What is wrong, how to see it again, and the fewest steps that were found to do. */
export async function describeFailure({ sources, seed, steps, problems }: Failure): Promise<string> {
  const fewest = await shrunk(sources, steps)
  const list = fewest.map(
    ({ session, sql, copy }) => `${session}: ${sql};${copy === undefined ? '' : `\n${copy}\\.`}`,
  )
  return [
    `seed ${seed} with ${sources.map(({ label }) => label).join(' and ')} (PGSTREAM_TEST_SEED=${seed} tries it again):`,
    ...problems.slice(0, 10),
    `${fewest.length} of ${steps.length} steps, by session, that do it, too:`,
    ...list,
  ].join('\n')
}

/** In a database of its own: the failure may have ended the stream. */
async function shrunk(sources: Failure['sources'], steps: readonly Step[]): Promise<readonly Step[]> {
  let bench: Bench | null = null
  const fails = async (shorter: readonly Step[]): Promise<boolean> => {
    bench ??= await openBench(sources)
    try {
      return (await bench.try(shorter)).problems.length > 0
    } catch {
      await bench[Symbol.asyncDispose]()
      bench = null
      return true
    }
  }
  try {
    return await shrink(steps, fails, shrinkTimeMs)
  } finally {
    await (bench as Bench | null)?.[Symbol.asyncDispose]()
  }
}
