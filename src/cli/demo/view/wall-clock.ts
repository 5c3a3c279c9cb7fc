let offset = performance.timeOrigin

/**
 * Milliseconds since 1970 with fractions, which `Date.now` does not have. Follows the clock of the system when that was
 * set, or stood still with the machine.
 */
export function wallClock(): number {
  const now = offset + performance.now()
  const coarse = Date.now()
  if (Math.abs(now - coarse) <= 2) return now
  offset += coarse - now
  return coarse
}
