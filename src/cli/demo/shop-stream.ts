import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { runPipeline } from '../../pipeline/run-pipeline.ts'
import { postgresListener } from '../../postgres/postgres-listener.ts'
import { stdoutWriter } from '../../stdout/stdout-writer.ts'
import { createLogger } from '../../telemetry/pino-logger.ts'
import type { WalEvent } from '../../wal/event.ts'
import { countChanges } from '../count-changes.ts'
import type { ChangeCounts } from '../../telemetry/stream-status.ts'
import { hasColours } from '../styled.ts'
import { LiveView } from './view/live-view.ts'
import { painter } from './view/paint.ts'
import { play } from './play.ts'
import { closingTime, shop } from './shop.ts'
import type { Tell } from './view/tell.ts'

export interface ShopStreamOptions {
  readonly url: string
  /** Wire JSON instead of lines for people. */
  readonly json: boolean
  /** Goes on after the story, until the signal. */
  readonly keep: boolean
  readonly tell: Tell
  readonly onStoryEnd: () => void
  /** What was read is still shown. */
  readonly signal: AbortSignal
}

export interface ShopStreamReport {
  readonly counts: ChangeCounts
  readonly latencies: readonly number[]
}

/** The story and the stream of it, side by side, until both have ended. */
export async function streamShop(options: ShopStreamOptions): Promise<ShopStreamReport> {
  const { url, json, keep, signal } = options
  const logger = createLogger({ level: 'warn', pretty: true, colour: hasColours(process.stderr) })
  const listener = postgresListener({ url, logger })
  const { checkpointer } = listener
  const view = json ? undefined : new LiveView({ checkpointer, paint: painter(process.stdout), width })
  const processor: Writable = view ?? stdoutWriter({ checkpointer })

  const ended = new AbortController()
  const counts = countChanges(listener)
  if (!keep) onClosingTime(listener, () => listener.stop())
  const streamed = runPipeline({ listener, processor }).finally(() => ended.abort())
  if (signal.aborted) listener.stop()
  signal.addEventListener('abort', () => listener.stop(), { once: true })
  const told = tellStory(listener, options, AbortSignal.any([signal, ended.signal])).catch((error: Error) => {
    listener.destroy(error)
  })
  await streamed
  await told
  return { counts, latencies: view?.latencies ?? [] }
}

/** A pipe has no edge: a script wants one line per change. */
const width = (): number => (process.stdout.isTTY ? process.stdout.columns : Infinity)

/** Begins when the stream does, so that no change waits for it: the tables that are there already come first. */
async function tellStory(
  listener: Readable,
  { url, json, tell, onStoryEnd }: ShopStreamOptions,
  signal: AbortSignal,
): Promise<void> {
  try {
    await once(listener, 'data', { signal })
    await play({ url, tell: json ? undefined : tell, signal })
    onStoryEnd()
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

function onClosingTime(listener: Readable, then: () => void): void {
  listener.on('data', (event: WalEvent) => {
    if (event.kind === 'message' && event.prefix === shop && event.content.toString() === closingTime) then()
  })
}
