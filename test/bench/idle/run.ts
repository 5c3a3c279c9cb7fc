/** `npm run bench -- idle`: what a command takes that has nothing to do, of one core and of memory. Linux only. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { RunningCommand } from '../../support/command.ts'
import { preparedDatabase } from '../../support/source.ts'
import { benchPostgres, benchTopic, stopServices } from '../bench-services.ts'

/** What has to be compiled and collected once is done by then. */
const settleSeconds = 20
const seconds = 30
const [mostPercent, mostMb] = [0.5, 80]
/**
 * Of all threads, in nanoseconds: the ticks of 10 ms in /proc/PID/stat hit or miss what takes less, and made 0.2 to 0.6 % of the
 * same process. https://docs.kernel.org/scheduler/sched-stats.html
 */
async function cpuSeconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`)
  const times = threads.map((id) => readFile(`/proc/${pid}/task/${id}/schedstat`, 'utf8'))
  return (await Promise.all(times)).reduce((sum, text) => sum + Number(text.split(' ')[0]) / 1e9, 0)
}

async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)![1]) / 1024
}

async function measure(name: string, args: readonly string[], env: Record<string, string>): Promise<void> {
  await using command = new RunningCommand(['run', ...args], { env })
  await command.says(/reading the replication slot|assigned|reading the topic/)
  const pid = command.child.pid!
  await pause(settleSeconds * 1_000)
  const before = await cpuSeconds(pid)
  await pause(seconds * 1_000)
  const percent = ((await cpuSeconds(pid)) - before) * (100 / seconds)
  const mb = await rssMb(pid)
  const isMissed = percent >= mostPercent || mb > mostMb
  console.log(
    `${name}, idle: ${percent.toFixed(2)} % of a core (< ${mostPercent}), RSS ${mb.toFixed(0)} MB (<= ${mostMb})${isMissed ? ': missed' : ''}`,
  )
  console.log(JSON.stringify({ idle: name, percent, mb, promised: { percent: mostPercent, mb: mostMb } }))
  if (isMissed) process.exitCode = 1
}

try {
  await using server = await benchPostgres({ autovacuum: 'on' })
  await using database = await preparedDatabase({ url: server.url })
  await using topic = await benchTopic()
  const kafka = { PGSTREAM_KAFKA_SERVERS: topic.address, PGSTREAM_KAFKA_TOPIC_NAME: topic.name }
  const postgres = { PGSTREAM_POSTGRES_LISTENER_URL: database.url }
  await measure('Postgres → stdout', ['--stdout'], postgres)
  await measure('Postgres → Kafka', [], { ...postgres, ...kafka })
  await measure('Kafka → stdout', ['--stdout'], {
    ...kafka,
    PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: 'idle',
  })
} finally {
  await stopServices()
}
