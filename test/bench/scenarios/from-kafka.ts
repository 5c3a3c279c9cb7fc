import { fromTopic } from '../filled-topic.ts'
import { kcat } from '../limits/kcat.ts'
import type { Measured } from '../measured.ts'
import { command, runOurs } from '../our-process.ts'
import type { Scenario } from '../scenario.ts'
import type { Written } from '../written.ts'

async function intoStdout(written: Written): Promise<Measured> {
  const env = await fromTopic(written)
  return runOurs({ program: command, args: ['run', '--stdout'], env, rows: written.rows })
}

export const fromKafka: readonly Scenario[] = [
  {
    name: 'from Kafka, stdout',
    workload: 'mixed',
    plugin: 'pgoutput',
    limit: kcat,
    run: intoStdout,
    bounds: { cpuMicrosPerRow: 20 },
  },
]
