import { doubtful, failing, fine } from '../pipeline/check.ts'
import type { Check, CheckResult } from '../pipeline/check.ts'
import type { KafkaClient } from './kafka-client.ts'
import { connectionOf } from './kafka-connection.ts'
import type { KafkaConnectionOptions } from './kafka-connection.ts'
import { openKafkajs } from './kafkajs-client.ts'
import { noTopic } from './topic.ts'

export interface KafkaCheckOptions extends KafkaConnectionOptions {
  readonly topic: string
  /** A topic that is read must be there; one that is written may be made. */
  readonly use: 'read' | 'write'
  readonly autoCreate: boolean
}

/** Looks at the servers, the login and the topic. */
export const kafkaCheck =
  (options: KafkaCheckOptions): Check =>
  async () => {
    const client = openKafkajs(connectionOf(options))
    try {
      return [await lookAtTopic(client, options)]
    } catch (error) {
      return [failing('Kafka: connection', error)]
    } finally {
      await client.close()
    }
  }

async function lookAtTopic(
  client: KafkaClient,
  { topic, use, autoCreate }: KafkaCheckOptions,
): Promise<CheckResult> {
  const partitions = await client.countPartitions(topic)
  const about = `Kafka: topic ${topic}`
  if (partitions !== null) {
    return fine(
      about,
      `It is there, with ${partitions} partition${partitions === 1 ? '' : 's'}, to be ${use === 'read' ? 'read' : 'written'}.`,
    )
  }
  if (use === 'read' || !autoCreate) return failing(about, noTopic(topic))
  return doubtful(
    about,
    'It is not there, and will be made with the first run.',
    'Make it beforehand if it needs settings of its own.',
  )
}
