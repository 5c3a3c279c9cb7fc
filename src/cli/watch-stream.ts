import type { ConfigRead } from '../config/read-config.ts'
import { SlotGuardian } from '../postgres/slot-guardian.ts'
import { instrument } from '../telemetry/instruments.ts'
import type { Logger } from '../telemetry/logger.ts'
import { openMetricsExport } from '../telemetry/metrics-export.ts'
import type { MetricsExport } from '../telemetry/metrics-export.ts'
import { isLoopback } from '../telemetry/listen.ts'
import { openOpsServer } from '../telemetry/ops-server.ts'
import { StreamWatch } from '../telemetry/stream-watch.ts'
import type { ChangeCounts } from '../telemetry/stream-status.ts'
import type { BuiltPipeline } from './build-pipeline.ts'
import { otlpSettings } from './otlp-settings.ts'

export interface Watching {
  readonly watch: StreamWatch
  /** Lets go of everything that watched. */
  readonly close: () => Promise<void>
}

/**
 * Begins to watch a stream: the slot guardian, and what the settings ask for of server and metrics.
 * @throws {PgstreamError} PGSTREAM_ADDRESS_IN_USE, PGSTREAM_CONFIG_INVALID.
 */
export async function watchStream(
  { config }: ConfigRead,
  built: BuiltPipeline,
  { counts, passed }: { readonly counts: ChangeCounts; readonly passed: () => number },
  logger: Logger,
): Promise<Watching> {
  const { opsAddress, stallAfter } = config.telemetry
  const otlp = otlpSettings(config)
  const { slot } = built
  const { maxRetainedWal } = config.postgresListener
  const guardian = slot && new SlotGuardian({ ...slot, maxRetainedWal, logger })
  const watch = new StreamWatch({
    about: String(built.about['source']),
    source: built.listener.metrics,
    sinks: built.sinks,
    counts,
    between: { isHeld: () => isHeld(built), passed },
    slot: guardian ? () => guardian.sight : undefined,
    stallAfterMs: stallAfter,
  })
  const closing: (() => Promise<void>)[] = [async () => watch.stop(), async () => guardian?.stop()]
  const close = async (): Promise<void> => {
    for (const part of closing.splice(0).reverse()) await part()
  }
  try {
    let exported: MetricsExport | null = null
    if (opsAddress || otlp) {
      exported = await openMetricsExport({ prometheus: opsAddress !== undefined, otlp, logger })
      closing.push(exported.close)
      instrument(exported.meter, watch)
    }
    if (opsAddress) {
      const { host = '127.0.0.1', port } = opsAddress
      const server = await openOpsServer({ host, port, watch, scrape: exported?.scrape ?? null })
      closing.push(server.close)
      logger.info({ url: server.url }, 'serving status and metrics')
      if (!isLoopback(host)) {
        logger.warn({ host }, 'the status is served to whoever can reach this address, without a password')
      }
    }
  } catch (error) {
    await close()
    throw error
  }
  return { watch, close }
}

/** Whether changes wait in front of the processors, wherever that is. */
const isHeld = ({ listener, stages }: BuiltPipeline): boolean =>
  listener.readableLength > 0 ||
  stages.some(
    ({ writableLength, readableLength, heldLength = 0 }) => writableLength + readableLength + heldLength > 0,
  )
