import type { Program } from './program.ts'
import { runConfigured } from './run.ts'

export const replay: Program = (flags, file) => runConfigured(flags, file)
