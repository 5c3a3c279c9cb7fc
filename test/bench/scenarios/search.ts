import { benchSpace, benchTopic } from '../bench-services.ts'
import { indexed, searchStore } from '../indexed.ts'
import { bulkLoads } from '../limits/bulk-loads.ts'
import type { Measured } from '../measured.ts'
import { command, runOurs } from '../our-process.ts'
import type { Scenario } from '../scenario.ts'
import { source } from '../source-settings.ts'
import type { Written } from '../written.ts'

async function intoSearch(written: Written): Promise<Measured> {
  await using space = await benchSpace()
  return await indexed(written, space.url, space.prefix)
}

/** What another process took to the topic before, with its translations. */
async function throughKafka(written: Written): Promise<Measured> {
  await using topic = await benchTopic()
  await using slot = await written.slot()
  const { until, rows } = written
  const kafka = { PGSTREAM_KAFKA_SERVERS: topic.address, PGSTREAM_KAFKA_TOPIC_NAME: topic.name }
  const program = { program: command, args: ['run'], rows }
  await runOurs({ ...program, env: { ...source(written, slot.name), ...kafka }, until })
  await using space = await benchSpace()
  const env = {
    ...kafka,
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: topic.name,
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_START_OFFSET: 'earliest',
    PGSTREAM_LOG_LEVEL: 'warn',
    ...searchStore(space.url, space.prefix),
    BENCH_UNTIL_OFFSET: String((await topic.messages()) - 1),
  }
  return await runOurs({ ...program, env })
}

const common = { workload: 'mixed', plugin: 'pgoutput', limit: bulkLoads } as const

export const search: readonly Scenario[] = [
  { ...common, name: 'search, pgoutput', run: intoSearch, atLeast: 0.85 },
  { ...common, name: 'search, through Kafka', run: throughKafka },
]
