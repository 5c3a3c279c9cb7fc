import type { Lsn } from '../wal/lsn.ts'
import type { Position } from '../wal/position.ts'

/** Where a slot can resume: the end of a commit record, or a place that the server says nothing happened before. */
export interface SlotPosition extends Position {
  readonly offset: Lsn
}

const partition = 'slot'

export const slotPosition = (offset: Lsn): SlotPosition => ({ partition, offset })

/** True for positions that a slot made. */
export const isSlotPosition = (position: Position): position is SlotPosition =>
  position.partition === partition
