/**
 * Where a source can resume once everything before it is durable. Opaque to everybody but the listener that made it;
 * `partition` tells positions apart that advance independently (a slot has one, a Kafka topic several).
 */
export interface Position {
  readonly partition: string
}
