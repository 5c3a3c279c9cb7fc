import type { Chunk } from './chunk.ts'
import type { OlderWriters } from './older-writers.ts'
import type { TableShape } from './table-shape.ts'

/** A chunk whose `low` is written, and the writers that were there before it. */
export interface BegunChunk {
  readonly chunk: Chunk
  /** The table behind `low`: whatever alters it later comes by in the stream. Null where a writer was there, who may have altered it before. */
  readonly shape: TableShape | null
  readonly writers: OlderWriters
  readonly since: number
}
