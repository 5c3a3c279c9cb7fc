/** `npm run bench -- latency [kafka | search | webhooks]`: how long after its commit a change has arrived. */
export async function measureLatency(which: string | undefined): Promise<void> {
  if (which === undefined || which === 'webhooks') await import('./webhooks.ts')
  if (which === undefined || which === 'kafka') await import('./kafka.ts')
  if (which === undefined || which === 'search') await import('./search.ts')
}
