import type { Lsn } from './lsn.ts'
import type { Position } from './position.ts'

/** The output plugins whose messages can be understood, the default first. */
export const outputPlugins = ['pgoutput', 'wal2json'] as const
export type OutputPlugin = (typeof outputPlugins)[number]

export const isOutputPlugin = (name: unknown): name is OutputPlugin =>
  outputPlugins.some((plugin) => plugin === name)

/** What an output plugin wrote, as it left the server and not understood yet. */
export interface PluginMessage {
  readonly kind: 'plugin-message'
  /**
   * What it is about, by the letter that both plugins have for it: B(egin), C(ommit), I(nsert), U(pdate), D(elete),
   * T(runcate), M(essage); pgoutput has others.
   */
  readonly action: string
  readonly data: Buffer
  /** Where the server says that it begins; 0/0 for descriptions of tables and types. */
  readonly lsn: Lsn
  /** Where the source can resume after it: at the end of a transaction only. */
  readonly position: Position | null
}
