import type { Config } from '../config/fields.ts'
import { doubtful, failing, fine } from '../pipeline/check.ts'
import type { Check } from '../pipeline/check.ts'
import { isLoopback, urlOf, whyNotListen } from '../telemetry/listen.ts'
import type { ListenPlace } from '../telemetry/listen.ts'
import type { OtlpOptions } from '../telemetry/metrics-export.ts'
import { opsAddressSetting } from '../telemetry/ops-server.ts'
import { scrub } from '../telemetry/scrub.ts'
import { askRunning } from './ask-running.ts'
import { otlpSettings } from './otlp-settings.ts'

const timeoutMs = 5_000

/** What `run` serves and sends of itself, where the settings ask for it. */
export function watchingChecks(config: Config): Check[] {
  const { opsAddress } = config.telemetry
  const otlp = otlpSettings(config)
  return [
    ...(opsAddress ? [opsAddressCheck({ host: opsAddress.host ?? '127.0.0.1', port: opsAddress.port })] : []),
    ...(otlp ? [collectorCheck(otlp)] : []),
  ]
}

const opsAddressCheck =
  (place: ListenPlace): Check =>
  async () => {
    const about = 'Watching: address'
    const url = urlOf(place)
    const problem = await whyNotListen(place, opsAddressSetting)
    if (problem) {
      const running = await askRunning(place)
      return [
        'sinks' in running
          ? fine(about, `A pgstream (pid ${running.pid}) serves its status at ${url} now.`)
          : failing(about, problem),
      ]
    }
    if (isLoopback(place.host)) return [fine(about, `${url} is free.`)]
    return [
      doubtful(
        about,
        `${url} is free, and other machines can read the status there without a password.`,
        'Serve it on the loopback (:9910) if they need not.',
      ),
    ]
  }

/** Sends it nothing in the form of metrics. */
const collectorCheck =
  ({ url, headers }: OtlpOptions): Check =>
  async (signal) => {
    const about = 'Watching: collector'
    const why = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"resourceMetrics":[]}',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    }).then(
      (response) => (response.ok ? null : `answers with HTTP ${response.status}`),
      ({ message, cause }: Error) =>
        `does not answer: ${cause instanceof Error ? cause.message || message : message}`,
    )
    const { origin, pathname } = new URL(url)
    const where = origin + pathname // what is behind it may be a key
    if (why === null) return [fine(about, `${where} takes metrics.`)]
    return [
      doubtful(
        about,
        `${where} ${scrub(why)}.`,
        'Check PGSTREAM_METRICS_OTLP_URL and PGSTREAM_METRICS_OTLP_HEADERS; run goes on without.',
      ),
    ]
  }
