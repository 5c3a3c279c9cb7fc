/** `npm run bench -- latency [search | webhooks]`: how long after its commit a change has arrived, at 200 transactions a second. */
export async function measureLatency(which: string | undefined): Promise<void> {
  if (which !== 'search') await import('./webhooks.ts')
  if (which !== 'webhooks') await import('./search.ts')
}
