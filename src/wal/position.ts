/**
 * Where a source can resume once everything before it is durable. What it means is known to the listener that made it
 * only; everybody may compare two positions of one partition.
 */
export interface Position {
  /** Tells positions apart that advance independently: a slot has one partition, a Kafka topic several. */
  readonly partition: string
  /** Rises along the partition: of a slot an LSN, of Kafka the offset. */
  readonly offset: bigint
}
