let lastMicros = -1
let lastText = ''

/**
 * Microseconds since 1970 as Postgres prints a time stamp in UTC: `2026-11-22 07:59:18.719648+00`, without trailing
 * zeros. All rows of a transaction share one time: the last answer is kept.
 */
export function formatTime(micros: number): string {
  if (micros === lastMicros) return lastText
  const seconds = Math.floor(micros / 1_000_000)
  const fraction = micros - seconds * 1_000_000
  const text = new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ')
  const digits = fraction === 0 ? '' : `.${String(fraction).padStart(6, '0').replace(/0+$/, '')}`
  lastMicros = micros
  lastText = `${text}${digits}+00`
  return lastText
}
