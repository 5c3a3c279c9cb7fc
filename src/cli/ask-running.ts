import { urlOf } from '../telemetry/listen.ts'
import type { StreamStatus } from '../telemetry/stream-status.ts'

export interface NotReached {
  readonly url: string
  readonly message: string
}

const timeoutMs = 3_000

/** What the pgstream that serves its status there says of itself. */
export async function askRunning({
  host = '127.0.0.1',
  port,
}: {
  readonly host?: string | undefined
  readonly port: number
}): Promise<StreamStatus | NotReached> {
  const url = `${urlOf({ host, port })}/status`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    if (!response.ok) return { url, message: `HTTP ${response.status}` }
    const answer: unknown = await response.json()
    if (typeof answer === 'object' && answer !== null && 'sinks' in answer) return answer as StreamStatus
    return { url, message: 'another program answers there' }
  } catch (error) {
    const { cause, message } = error as Error
    return { url, message: cause instanceof Error ? cause.message || message : message }
  }
}
