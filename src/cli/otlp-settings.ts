import type { Config } from '../config/fields.ts'
import { PgstreamError } from '../errors.ts'
import type { OtlpOptions } from '../telemetry/metrics-export.ts'

/**
 * Where metrics are sent; null when the settings name no collector.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for a header that is none.
 */
export function otlpSettings({ telemetry }: Config): OtlpOptions | null {
  const { otlpUrl: url, otlpInterval: intervalMs, otlpHeaders = [] } = telemetry
  if (url === undefined) return null
  const headers = otlpHeaders.map((text): [string, string] => {
    const [, name, value] = /^([^=\s]+)=(.*)$/.exec(text) ?? []
    if (name !== undefined && value !== undefined) return [name, value]
    throw new PgstreamError(
      'PGSTREAM_CONFIG_INVALID',
      'PGSTREAM_METRICS_OTLP_HEADERS has a part that is not name=value.',
      { remedy: 'Write it as name=value, with blanks or commas between several.' },
    )
  })
  return { url, intervalMs: Math.max(1_000, intervalMs), headers: Object.fromEntries(headers) }
}
