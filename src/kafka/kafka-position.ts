import type { Position } from '../wal/position.ts'
import type { Assignment } from './assignment.ts'

/** Of a message: its offset, and by which assignment of its partition it was read. */
export interface KafkaPosition extends Position {
  readonly assignment: Assignment
}

/** One for each assignment: what an earlier one still confirms is somebody else's to decide. */
export const kafkaPosition = (assignment: Assignment, offset: bigint): KafkaPosition => ({
  partition: `${assignment.topicPartition}#${assignment.number}`,
  offset,
  assignment,
})

export const isKafkaPosition = (position: Position): position is KafkaPosition => 'assignment' in position
