import type { Lsn } from '../wal/lsn.ts'
import type { Position } from '../wal/position.ts'

/** Where a slot can resume: the end of a commit record, or a place that the server says nothing happened before. */
export interface SlotPosition extends Position {
  readonly lsn: Lsn
}

const partition = 'slot'

export const slotPosition = (lsn: Lsn): SlotPosition => ({ partition, lsn })

/** True for positions that a slot made. */
export const isSlotPosition = (position: Position): position is SlotPosition =>
  position.partition === partition
