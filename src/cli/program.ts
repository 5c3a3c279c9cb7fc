import type { Flags } from './parse-arguments.ts'

/** What carries out a command. Resolves with the exit code; rejects with a PgstreamError for what a person must know. */
export type Program = (flags: Flags) => Promise<number>
