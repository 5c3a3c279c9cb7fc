import { modules } from '../config/fields.ts'
import type { Config, Module } from '../config/fields.ts'
import type { MakeSink } from '../pipeline/fan-out.ts'
import { stdoutWriter } from '../stdout/stdout-writer.ts'

export interface ProcessorEntry {
  /** For the log. */
  readonly name: string
  readonly module: Module
  /** How to make it; null when the settings do not ask for it. */
  readonly from: (config: Config) => MakeSink | null
}

/** Every processor there is. Those that are configured run, all of them. */
export const processorList: readonly ProcessorEntry[] = [
  {
    name: 'stdout',
    module: modules.stdoutWriter,
    from: ({ stdoutWriter: { enabled, ...settings } }) =>
      enabled ? (checkpointer) => stdoutWriter({ checkpointer, ...settings }) : null,
  },
]
