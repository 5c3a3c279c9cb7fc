/** How long after its commit a change has come to a consumer, at 200 and at 1,000 transactions a second. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { RunningCommand } from '../../support/command.ts'
import type { TemporaryDatabase } from '../../support/postgres.ts'
import { preparedDatabase } from '../../support/source.ts'
import { eventually } from '../../support/wait.ts'
import { benchPostgres, benchTopic, stopServices } from '../bench-services.ts'
import { atRate, tell } from './at-rate.ts'
import { durableLatencies } from './durable.ts'
import type { Rate } from './at-rate.ts'

const program = fileURLToPath(new URL('../programs/latency-consumer.mjs', import.meta.url))
const rates: readonly Rate[] = [200, 1000].map((perSecond) => ({ perSecond, seconds: 40 }))
/** Java's compilers have the two cores to themselves when a broker is new: what comes then is not counted. */
const settleSeconds = 10
const promised = { p50: 5, p99: 25 }

async function measure(database: TemporaryDatabase, rate: Rate): Promise<void> {
  await using topic = await benchTopic()
  await using durable = await durableLatencies(settleSeconds)
  const env = {
    PGSTREAM_KAFKA_SERVERS: topic.address,
    PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
    ...durable.env,
  }
  await using command = new RunningCommand(['run', '--pgurl', database.url], { env })
  await command.says(/writing to the topic/)
  const insert = (id: number): Promise<unknown> =>
    database.query(`insert into t values ($1, 'some text of a usual length')`, [id])
  await database.query('truncate t')
  await insert(-1)
  const consumer = spawn(process.execPath, [program, topic.address, topic.name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(consumer.stdout, 'data')
  let said = ''
  consumer.stdout.on('data', (text) => (said += String(text)))
  await atRate(rate, insert)
  const sent = rate.perSecond * rate.seconds
  // TRUNCATE and the first row are there, too
  await eventually(async () => (await topic.messages()) >= sent + 2, { about: 'Everything in the topic' })
  const written = await durable.end(command)
  consumer.stdin.end()
  await once(consumer, 'close')
  const latencies = JSON.parse(said) as number[]
  tell('Kafka, commit → durable', rate, written)
  tell('Kafka, commit → consumer', rate, latencies.slice(settleSeconds * rate.perSecond), promised)
}

try {
  await using server = await benchPostgres()
  await using database = await preparedDatabase({ url: server.url })
  await database.query('create table t (id int primary key, text text)')
  for (const rate of rates) await measure(database, rate)
} finally {
  await stopServices()
}
