import { benchTopic } from './bench-services.ts'
import { command, runOurs } from './our-process.ts'
import { source } from './source-settings.ts'
import type { Written } from './written.ts'

type Topic = Awaited<ReturnType<typeof benchTopic>>

interface FilledTopic extends Topic {
  /** The place of its last message. */
  readonly last: string
}

const filled = new WeakMap<Written, Promise<FilledTopic>>()

/** A topic with all changes of the workload, filled when it is first asked for; it goes with its broker. */
export function filledTopic(written: Written): Promise<FilledTopic> {
  const known = filled.get(written) ?? fill(written)
  filled.set(written, known)
  return known
}

/** By another process, with its translations. */
async function fill(written: Written): Promise<FilledTopic> {
  const topic = await benchTopic()
  await using slot = await written.slot()
  const { until, rows } = written
  const env = {
    ...source(written, slot.name),
    PGSTREAM_KAFKA_SERVERS: topic.address,
    PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
  }
  await runOurs({ program: command, args: ['run'], env, until, rows })
  return { ...topic, last: String((await topic.messages()) - 1) }
}

let groups = 0

/** The environment of `pgstream run` for a group of the run's own, and of the probe. */
export async function fromTopic(written: Written): Promise<Record<string, string>> {
  const { address, name, last } = await filledTopic(written)
  return {
    PGSTREAM_KAFKA_SERVERS: address,
    PGSTREAM_KAFKA_TOPIC_NAME: name,
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: `${name}-${groups++}`,
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_START_OFFSET: 'earliest',
    PGSTREAM_LOG_LEVEL: 'warn',
    BENCH_UNTIL_OFFSET: last,
  }
}
