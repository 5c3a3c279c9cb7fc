import type { Flags } from './parse-arguments.ts'

/**
 * What carries out a command; `argument` is there when the command needs one. Resolves with the exit code; rejects with
 * a PgstreamError for what a person must know.
 */
export type Program = (flags: Flags, argument?: string) => Promise<number>
