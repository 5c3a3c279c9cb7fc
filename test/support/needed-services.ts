import { join } from 'node:path'
import type { RunningServices, Service } from '../services/service.ts'
import { usedModules } from './used-modules.ts'

export interface NeededServices {
  /** Those that at least one of the files uses. */
  readonly services: Service[]
  /** The files that use nothing but what was started. */
  runnable(running: RunningServices): string[]
}

/** Which services test files use, by what they import (`Service.usedThrough`). Paths are from `top`. */
export async function neededServices(
  top: string,
  files: readonly string[],
  all: readonly Service[],
): Promise<NeededServices> {
  const users = await Promise.all(
    files.map(async (file) => ({ file, modules: await usedModules(join(top, file)) })),
  )
  const isUsed = (modules: ReadonlySet<string>, service: Service): boolean =>
    modules.has(join(top, service.usedThrough))
  return {
    services: all.filter((service) => users.some(({ modules }) => isUsed(modules, service))),
    runnable: ({ started }) => {
      const there = all.filter((service) => started.has(service.name))
      const open = new Set(there.map((service) => service.usedThrough))
      const closed = all.filter((service) => !open.has(service.usedThrough))
      return users
        .filter(({ modules }) => !closed.some((service) => isUsed(modules, service)))
        .map(({ file }) => file)
    },
  }
}
