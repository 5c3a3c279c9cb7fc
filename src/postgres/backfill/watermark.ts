import type { Carried } from '../../pipeline/confirming-writable.ts'
import type { CommitEvent, MessageEvent } from '../../wal/event.ts'

/**
 * Of the logical messages by which a backfill finds its place in the stream. They are of no interest to anybody else, and
 * anybody can write them: the name of a run, drawn at random, tells its own.
 */
export const backfillPrefix = 'pgstream.backfill'

/** Content of a message that says: somebody has asked for a backfill, or cancelled one. */
export const lookAgain = 'look'

/** Where the window of a chunk begins or ends. */
export interface Watermark {
  readonly run: string
  readonly chunk: number
  readonly edge: 'low' | 'high'
  /** When it was written, by the server's clock: microseconds since 1970. */
  readonly time: number
}

export const isBackfillMessage = (event: Carried | CommitEvent): event is MessageEvent =>
  event.kind === 'message' && event.prefix === backfillPrefix

/** Without its time, which the server adds. */
export const watermarkText = (run: string, chunk: number, edge: Watermark['edge']): string =>
  `${run} ${chunk} ${edge}`

/** Null for what is none. */
export function readWatermark(content: Buffer): Watermark | null {
  const match = /^(\S{1,64}) (\d{1,15}) (low|high) (\d{1,16})$/.exec(content.toString('latin1', 0, 128))
  if (!match) return null
  return {
    run: match[1]!,
    chunk: Number(match[2]),
    edge: match[3] as Watermark['edge'],
    time: Number(match[4]),
  }
}
