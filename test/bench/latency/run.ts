import { refuse } from '../usage.ts'

const measured: Readonly<Record<string, () => Promise<unknown>>> = {
  webhooks: () => import('./webhooks.ts'),
  kafka: () => import('./kafka.ts'),
  search: () => import('./search.ts'),
}

/** `npm run bench -- latency [kafka | search | webhooks]`: how long after its commit a change has arrived. */
export async function measureLatency(which: string | undefined): Promise<void> {
  if (which !== undefined && !Object.hasOwn(measured, which))
    refuse(`latency is measured of ${Object.keys(measured).join(', ')}, not of ${which}.`)
  for (const [name, measure] of Object.entries(measured)) {
    if (which === undefined || which === name) await measure()
  }
}
