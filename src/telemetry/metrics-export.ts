import type { IncomingMessage, ServerResponse } from 'node:http'
import { diag, DiagLogLevel } from '@opentelemetry/api'
import type { Meter } from '@opentelemetry/api'
import type { IMetricReader } from '@opentelemetry/sdk-metrics'
import { describeError } from './describe-error.ts'
import type { Logger } from './logger.ts'
import { version } from './version.ts'

export interface MetricsExportOptions {
  /** Whether metrics can be scraped. */
  readonly prometheus: boolean
  readonly otlp: OtlpOptions | null
  readonly logger: Logger
}

export interface OtlpOptions {
  /** Such as `http://localhost:4318/v1/metrics`. */
  readonly url: string
  readonly intervalMs: number
  readonly headers: Readonly<Record<string, string>>
}

export interface MetricsExport {
  readonly meter: Meter
  /** Answers a scrape. */
  readonly scrape: ((request: IncomingMessage, response: ServerResponse) => void) | null
  /** Sends the last and stops. Never rejects. */
  readonly close: () => Promise<void>
}

/** An SDK of this program alone: nothing is set for the whole process but where its complaints go. */
export async function openMetricsExport(options: MetricsExportOptions): Promise<MetricsExport> {
  const { prometheus, otlp, logger } = options
  const { MeterProvider, PeriodicExportingMetricReader } = await import('@opentelemetry/sdk-metrics')
  const { defaultResource, detectResources, envDetector, resourceFromAttributes } =
    await import('@opentelemetry/resources')
  const resource = defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'pgstream', 'service.version': version }))
    .merge(detectResources({ detectors: [envDetector] }))
  const readers: IMetricReader[] = []
  let scrape: MetricsExport['scrape'] = null
  if (prometheus) {
    const { PrometheusExporter } = await import('@opentelemetry/exporter-prometheus')
    const exporter = new PrometheusExporter({ preventServerStart: true })
    readers.push(exporter)
    scrape = (request, response) => exporter.getMetricsRequestHandler(request, response)
  }
  if (otlp) {
    const { OTLPMetricExporter } = await import('@opentelemetry/exporter-metrics-otlp-http')
    const { url, intervalMs, headers } = otlp
    const exporter = new OTLPMetricExporter({ url, headers: { ...headers }, timeoutMillis: intervalMs })
    const timing = { exportIntervalMillis: intervalMs, exportTimeoutMillis: intervalMs }
    readers.push(new PeriodicExportingMetricReader({ exporter, ...timing }))
    tellComplaints(logger)
  }
  const provider = new MeterProvider({ readers, resource })
  return {
    meter: provider.getMeter('pgstream'),
    scrape,
    close: async () => {
      await provider.shutdown().catch((error: unknown) => {
        logger.debug({ error: describeError(error) }, 'the last metrics were not sent')
      })
    },
  }
}

/** A collector that is away is a line of the log, once, and no reason to stop. */
function tellComplaints(logger: Logger): void {
  let last = ''
  const tell = (text: string): void => {
    const sentence = firstLine(text)
    if (sentence !== last) logger.warn({}, `metrics: ${sentence}`)
    last = sentence
  }
  const nothing = (): void => undefined
  diag.setLogger(
    { error: tell, warn: tell, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
}

/** Its errors come as JSON with a stack. */
function firstLine(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown }
    if (typeof message === 'string') return message.split('\n')[0]!
  } catch {
    // plain text, then
  }
  return text.split('\n')[0]!
}
