/** What JSON escapes, and what JSON.stringify does: lone surrogates. */
export const escaped: RegExp = /["\\\0-\x1f\ud800-\udfff]/

/** Most texts need no escaping, and to look costs less than JSON.stringify (test/bench/README.md). */
export const textJson = (text: string): string => (escaped.test(text) ? JSON.stringify(text) : `"${text}"`)

/** Of what Postgres prints for a numeric, only NaN and the infinities are not JSON numbers. */
export const isJsonNumber = (text: string): boolean => {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0x30 && last <= 0x39
}

export function numberJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`
  return Object.is(value, -0) ? '-0' : String(value)
}
