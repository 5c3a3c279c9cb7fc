import type { Config } from '../config/fields.ts'
import { PgstreamError } from '../errors.ts'
import type { OtlpOptions } from '../telemetry/metrics-export.ts'

/**
 * Where metrics are sent; null when the settings name no collector.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for a header that is none.
 */
export function otlpSettings({ telemetry }: Config): OtlpOptions | null {
  const { otlpUrl, otlpInterval: intervalMs, otlpHeaders = [] } = telemetry
  if (otlpUrl === undefined) return null
  const given = otlpHeaders.map((text): [string, string] => {
    const [, name, value] = /^([^=\s]+)=(.*)$/.exec(text) ?? []
    if (name !== undefined && value !== undefined) return [name.toLowerCase(), decoded(value)]
    throw new PgstreamError(
      'PGSTREAM_CONFIG_INVALID',
      'PGSTREAM_METRICS_OTLP_HEADERS has a part that is not name=value.',
      { remedy: 'Write it as name=value, with blanks or commas between several; a blank in a value is %20.' },
    )
  })
  const url = new URL(otlpUrl)
  const headers = { ...loginOf(url), ...Object.fromEntries(given) }
  url.username = url.password = ''
  return { url: url.href, intervalMs: Math.max(1_000, intervalMs), headers }
}

/** As a header: not every client takes it from the URL. */
function loginOf({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const login = `${decoded(username)}:${decoded(password)}`
  return { authorization: `Basic ${Buffer.from(login).toString('base64')}` }
}

/** As OTEL_EXPORTER_OTLP_HEADERS has it; what is no such code stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
