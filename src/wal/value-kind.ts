/** How the text that Postgres prints becomes a value: small integers, because decoders switch on them once per value. */
export type ValueKind = 0 | 1 | 2 | 3 | 4 | 5
export const asText = 0
export const asBoolean = 1
export const asNumber = 2
export const asBigint = 3
export const asBytes = 4
export const asNumeric = 5
