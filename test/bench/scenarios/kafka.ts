import { fileURLToPath } from 'node:url'
import { benchTopic } from '../bench-services.ts'
import { postgres } from '../limits/recvlogical.ts'
import type { Measured } from '../measured.ts'
import { command, runOurs } from '../our-process.ts'
import type { Scenario } from '../scenario.ts'
import { source } from '../source-settings.ts'
import type { Written } from '../written.ts'

const bareProducer = fileURLToPath(new URL('../programs/bare-producer.mjs', import.meta.url))
const kafkajsSends = fileURLToPath(new URL('../programs/kafkajs-sends.mjs', import.meta.url))

async function intoKafka(written: Written): Promise<Measured> {
  await using topic = await benchTopic()
  await using slot = await written.slot()
  const { until, rows } = written
  const env = {
    ...source(written, slot.name),
    PGSTREAM_KAFKA_SERVERS: topic.address,
    PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
  }
  return await runOurs({ program: command, args: ['run'], env, until, rows })
}

/** A producer alone, with values that are ready. */
const readyValues =
  (program: string) =>
  async ({ rows }: Written): Promise<Measured> => {
    await using topic = await benchTopic()
    const env = { BENCH_KAFKA: topic.address, BENCH_TOPIC: topic.name, BENCH_ROWS: String(rows) }
    return await runOurs({ program, env, rows })
  }

const into = { limit: postgres, run: intoKafka, plugin: 'pgoutput' } as const

export const kafka: readonly Scenario[] = [
  {
    ...into,
    name: 'Kafka, pgoutput',
    workload: 'mixed',
    atLeast: 0.5,
    bounds: { cpuMicrosPerRow: 14, peakRssMb: 230 },
  },
  {
    ...into,
    name: 'Kafka, ready values only',
    workload: 'mixed',
    limit: { name: 'kafkajs', run: readyValues(kafkajsSends) },
    run: readyValues(bareProducer),
  },
  { ...into, name: 'Kafka, wal2json', workload: 'mixed', plugin: 'wal2json' },
  { ...into, name: 'a million rows in one transaction, Kafka, pgoutput', workload: 'million' },
  { ...into, name: 'single-row transactions, Kafka, pgoutput', workload: 'single' },
  { ...into, name: 'updates and deletes, Kafka, pgoutput', workload: 'churn' },
  { ...into, name: 'wide rows, Kafka, pgoutput', workload: 'wide' },
  { ...into, name: 'unchanged TOAST, Kafka, pgoutput', workload: 'toast' },
  { ...into, name: 'large rows, Kafka, pgoutput', workload: 'large' },
]
