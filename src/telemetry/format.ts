const units = ['kB', 'MB', 'GB', 'TB']

/** `0.4 kB`, `5.2 MB`, `12.0 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes / 1e3
  let unit = 0
  while (value >= 1e3 && unit < units.length - 1) {
    value /= 1e3
    unit++
  }
  return `${value.toFixed(1)} ${units[unit]!}`
}

/** `0.3 s`, `12 s`, `3 min`, `5 h`, `4 d`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 9.95) return `${Math.max(0, seconds).toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`
  return `${Math.round(seconds / 86_400)} d`
}
