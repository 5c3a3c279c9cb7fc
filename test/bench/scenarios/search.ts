import { benchSpace } from '../bench-services.ts'
import { fromTopic } from '../filled-topic.ts'
import { indexed, searchStore } from '../indexed.ts'
import { bulkLoads } from '../limits/bulk-loads.ts'
import type { Measured } from '../measured.ts'
import { command, runOurs } from '../our-process.ts'
import type { Scenario } from '../scenario.ts'
import type { Written } from '../written.ts'

async function intoSearch(written: Written): Promise<Measured> {
  await using space = await benchSpace()
  return await indexed(written, space.url, space.prefix)
}

async function throughKafka(written: Written): Promise<Measured> {
  await using space = await benchSpace()
  const env = { ...(await fromTopic(written)), ...searchStore(space.url, space.prefix) }
  return await runOurs({ program: command, args: ['run'], env, rows: written.rows })
}

const common = { workload: 'mixed', plugin: 'pgoutput', limit: bulkLoads } as const

export const search: readonly Scenario[] = [
  { ...common, name: 'search, pgoutput', run: intoSearch, atLeast: 0.85 },
  { ...common, name: 'search, through Kafka', run: throughKafka },
]
