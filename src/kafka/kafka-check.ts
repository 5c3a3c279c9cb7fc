import { doubtful, failing, fine } from '../pipeline/check.ts'
import type { Check, CheckResult } from '../pipeline/check.ts'
import { formatBytes } from '../telemetry/format.ts'
import { deadLetterTopicOf } from './dead-letter-topic.ts'
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
  /** Whether something is put among the dead letters of the topic. */
  readonly deadLetters: boolean
}

/** Looks at the servers, the login, the topic and its dead letters. */
export const kafkaCheck =
  (options: KafkaCheckOptions): Check =>
  async () => {
    const client = openKafkajs(connectionOf(options))
    try {
      return [
        ...(await lookAtTopic(client, options)),
        ...(options.deadLetters ? [await lookAtDeadLetters(client, options.topic)] : []),
      ]
    } catch (error) {
      return [failing('Kafka: connection', error)]
    } finally {
      await client.close()
    }
  }

async function lookAtTopic(
  client: KafkaClient,
  { topic, use, autoCreate }: KafkaCheckOptions,
): Promise<CheckResult[]> {
  const about = `Kafka: topic ${topic}`
  const partitions = await client.countPartitions(topic)
  if (partitions === null) {
    if (use === 'read' || !autoCreate) return [failing(about, noTopic(topic))]
    const remedy = 'Make it beforehand if it needs settings of its own.'
    return [doubtful(about, 'It is not there, and will be made with the first run.', remedy)]
  }
  const { settings } = await client.describeTopic(topic)
  const most = settings.get('max.message.bytes')
  const room = most === undefined ? '' : ` and messages of up to ${formatBytes(Number(most))}`
  const found = `${partitions} partition${partitions === 1 ? '' : 's'}${room}`
  return [
    fine(about, `It is there, with ${found}, to be ${use === 'read' ? 'read' : 'written'}.`),
    ...(settings.get('cleanup.policy')?.includes('compact') ? [compacted(about)] : []),
  ]
}

const compacted = (about: string): CheckResult =>
  doubtful(
    about,
    'It is compacted (cleanup.policy): of the changes with one key Kafka keeps only the last.',
    'Set cleanup.policy=delete with Kafka’s kafka-configs.sh, unless the key is primary_key and the last state of each row is all you want.',
  )

async function lookAtDeadLetters(client: KafkaClient, topic: string): Promise<CheckResult> {
  const about = 'Kafka: dead letters'
  const name = deadLetterTopicOf(topic)
  if ((await client.countPartitions(name)) === null) {
    return fine(about, `There are none: the topic ${name} is made when the first is kept.`)
  }
  const { messages } = await client.describeTopic(name)
  if (messages === 0n) return fine(about, `The topic ${name} is empty.`)
  return doubtful(
    about,
    `The topic ${name} keeps ${messages} of them.`,
    'Read it with any tool for Kafka: the header pgstream-error of each message says why. Delete the topic when that is settled.',
  )
}
