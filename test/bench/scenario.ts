import type { OutputPlugin } from '../../src/wal/plugin-message.ts'
import type { Measured } from './measured.ts'
import type { WorkloadName } from './workloads.ts'
import type { Written } from './written.ts'

/** One way through pgstream, with the limit that it is measured against in the same run. */
export interface Scenario {
  readonly name: string
  readonly workload: WorkloadName
  readonly plugin: OutputPlugin
  readonly run: (written: Written) => Promise<Measured>
  readonly limit: Limit
  /** Where a limit is promised: at least this part of it. */
  readonly atLeast?: number
  readonly bounds?: Bounds
}

export interface Limit {
  readonly name: string
  readonly run: (written: Written) => Promise<Measured>
}

/** At most. */
export interface Bounds {
  readonly cpuMicrosPerRow?: number
  readonly peakRssMb?: number
  readonly firstRowSeconds?: number
}
