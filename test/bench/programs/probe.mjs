/**
 * Loaded into a process of ours (`node --import`), beside its own code: notes when each commit became durable, and once
 * everything up to BENCH_UNTIL is, writes to BENCH_REPORT what that took and stops the process in order.
 *
 * From Kafka that is the message BENCH_UNTIL_OFFSET of a topic with one partition.
 *
 * The clock begins when a sink is made: everything is loaded then, and nothing is connected yet. The first row is timed from
 * the first message that the server sends until a sink has stored a batch.
 */
import { writeFileSync } from 'node:fs'

const dist = new URL('../../../dist/', import.meta.url)
const { SlotCheckpointer } = await import(new URL('postgres/slot-checkpointer.js', dist).href)
const { KafkaCheckpointer } = await import(new URL('kafka/kafka-checkpointer.js', dist).href)
const { Transaction } = await import(new URL('postgres/transaction.js', dist).href)
const { SinkMetrics } = await import(new URL('telemetry/sink-metrics.js', dist).href)

const until = BigInt(process.env.BENCH_UNTIL ?? String(2n ** 63n))
const untilOffset = BigInt(process.env.BENCH_UNTIL_OFFSET ?? String(2n ** 63n))
const settle = Number(process.env.BENCH_SETTLE_MS ?? 0)
const latencies = []
const commits = []
let oldest = 0
let begun
let sendingAt
let storedAt

const { begin, commit } = Transaction.prototype
Transaction.prototype.commit = function (end) {
  const event = commit.call(this, end)
  commits.push(event)
  return event
}
Transaction.prototype.begin = function (of) {
  sendingAt ??= performance.now()
  begin.call(this, of)
}
const { delivered } = SinkMetrics.prototype
SinkMetrics.prototype.delivered = function (...of) {
  storedAt ??= performance.now()
  delivered.apply(this, of)
}

const { open, checkpoint } = SlotCheckpointer.prototype
SlotCheckpointer.prototype.open = function () {
  begun ??= { at: performance.now(), cpu: process.cpuUsage() }
  open.call(this)
}
SlotCheckpointer.prototype.checkpoint = function (positions) {
  checkpoint.call(this, positions)
  const now = performance.timeOrigin + performance.now()
  while (oldest < commits.length && commits[oldest].position.offset <= this.confirmed) {
    const { commitTime } = commits[oldest++]
    if (now - performance.timeOrigin - begun.at >= settle) latencies.push(now - commitTime / 1000)
  }
  if (oldest > 100_000) (commits.splice(0, oldest, ...[]), (oldest = 0))
  if (this.confirmed >= until) report()
}

const ofKafka = KafkaCheckpointer.prototype
const { open: openKafka, checkpoint: checkpointKafka } = ofKafka
ofKafka.open = function () {
  begun ??= { at: performance.now(), cpu: process.cpuUsage() }
  openKafka.call(this)
}
ofKafka.checkpoint = async function (positions) {
  await checkpointKafka.call(this, positions)
  if (positions.some(({ offset }) => offset >= untilOffset)) report()
}

// whoever started it knows better
process.on('SIGUSR2', () => report())

let reported = false
function report() {
  if (reported) return
  reported = true
  const { user, system } = process.cpuUsage(begun.cpu)
  writeFileSync(
    process.env.BENCH_REPORT,
    JSON.stringify({
      seconds: (performance.now() - begun.at) / 1000,
      firstRowSeconds: storedAt === undefined ? null : (storedAt - sendingAt) / 1000,
      cpuMicros: user + system,
      peakRss: process.resourceUsage().maxRSS * 1024,
      latencies: latencies.sort((a, b) => a - b),
    }),
  )
  process.kill(process.pid, 'SIGTERM')
}
