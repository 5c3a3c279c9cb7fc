import { PgstreamError } from '../errors.ts'
import type { KafkaClient } from './kafka-client.ts'

export interface TopicOptions {
  readonly name: string
  /** Makes the topic when it is not there. */
  readonly autoCreate: boolean
  /** Of a topic that is made. */
  readonly partitions: number
  readonly replicationFactor: number
}

/**
 * How many partitions the topic that is written to has, after it was made if that is wanted.
 * @throws {PgstreamError} PGSTREAM_KAFKA_TOPIC when there is none.
 */
export async function openTopic(client: KafkaClient, options: TopicOptions): Promise<number> {
  const { name, autoCreate, partitions, replicationFactor } = options
  const found = await client.countPartitions(name)
  if (found !== null) return found
  if (!autoCreate) throw noTopic(name)
  await client.createTopic(name, { partitions, replicationFactor })
  return (await client.countPartitions(name)) ?? partitions
}

export const noTopic = (name: string): PgstreamError =>
  new PgstreamError('PGSTREAM_KAFKA_TOPIC', `There is no topic ${JSON.stringify(name)} on the Kafka servers.`)

export const noPartition = (name: string, partition: number): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_KAFKA_TOPIC',
    `The topic ${JSON.stringify(name)} has no partition ${partition} any more.`,
    { remedy: 'Start pgstream again: it then writes to the partitions that are there.' },
  )
