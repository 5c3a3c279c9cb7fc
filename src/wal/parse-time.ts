const printed =
  /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::?(\d\d))?(?::?(\d\d))?$/

/** Of a `Date`, in microseconds. */
const mostMicros = 8.64e18

/**
 * Microseconds since 1970 of a time stamp with its zone, as Postgres prints it in ISO style; undefined for another text, and for a
 * time that a `Date` cannot hold.
 */
export function parseTime(text: string): number | undefined {
  const match = printed.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  const milliseconds = Date.UTC(year!, month! - 1, day, hour, minute, second)
  const micros = Number((match[7] ?? '').padEnd(6, '0'))
  const offset = Number(match[9]) * 3600 + Number(match[10] ?? 0) * 60 + Number(match[11] ?? 0)
  const time = milliseconds * 1000 + micros - (match[8] === '-' ? -1 : 1) * offset * 1_000_000
  return Math.abs(time) <= mostMicros ? time : undefined
}
