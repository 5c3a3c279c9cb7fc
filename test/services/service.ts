/** Something real that tests talk to: a Postgres, a broker, a search index. */
export interface Service {
  readonly name: string
  /** The module through which tests use it, from the top of the repository: a run without it starts no such service. */
  readonly usedThrough: string
  /** The ways to have it, in the order in which they are tried. */
  readonly providers: readonly Provider[]
}

export interface Provider {
  readonly way: string
  /** Throws `Unavailable` where this machine does not offer the way, and another error where it should work. */
  start(): Promise<StartedService>
}

export interface StartedService extends AsyncDisposable {
  /** Version, origin and address, for the first lines of a run. */
  readonly about: string
  /** How tests find it. */
  readonly environment: Readonly<Record<string, string>>
  /** What tests can use of the service elsewhere and not here, each with the reason. */
  readonly lacks: readonly string[]
}

/** This way to have a service is closed on this machine; the message says why. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'
}

export interface RunningServices extends AsyncDisposable {
  readonly started: ReadonlyMap<string, StartedService>
  readonly environment: Readonly<Record<string, string>>
  /** One sentence for each service, or part of one, that cannot be had here. */
  readonly missing: readonly string[]
}

/** Starts all side by side, each in the first way that is open. */
export async function startServices(services: readonly Service[]): Promise<RunningServices> {
  const started = new Map<string, StartedService>()
  const missing: string[] = []
  const stopAll = async (): Promise<void> => {
    await Promise.all([...started.values()].map((service) => service[Symbol.asyncDispose]()))
  }
  const outcomes = await Promise.allSettled(
    services.map(async ({ name, providers }) => {
      const reasons: string[] = []
      const service = await firstAvailable(providers, reasons)
      if (service) started.set(name, service)
      else missing.push(`${name}: ${reasons.join('; ')}`)
      for (const lack of service?.lacks ?? []) missing.push(`${name}: ${lack}`)
    }),
  )
  const failures = outcomes.flatMap((outcome): unknown[] =>
    outcome.status === 'rejected' ? [outcome.reason] : [],
  )
  if (failures.length > 0) {
    await stopAll()
    const sentences = failures.map((failure) =>
      failure instanceof Error ? failure.message : String(failure),
    )
    throw new AggregateError(failures, sentences.join('\n'))
  }
  const environment = Object.fromEntries(
    [...started.values()].flatMap((service) => Object.entries(service.environment)),
  )
  return { started, environment, missing, [Symbol.asyncDispose]: stopAll }
}

async function firstAvailable(
  providers: readonly Provider[],
  reasons: string[],
): Promise<StartedService | undefined> {
  for (const provider of providers) {
    try {
      return await provider.start()
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error
      reasons.push(`${provider.way}: ${error.message}`)
    }
  }
  return undefined
}
