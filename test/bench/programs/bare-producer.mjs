/** Sends BENCH_ROWS ready messages, as many at once as a batch of the writer, and reports as probe.mjs does. */
import { writeFileSync } from 'node:fs'

const dist = new URL('../../../dist/', import.meta.url)
const { openKafkajs } = await import(new URL('kafka/kafkajs-client.js', dist).href)
const { connectionOf } = await import(new URL('kafka/kafka-connection.js', dist).href)
const { formatLsn } = await import(new URL('wal/lsn.js', dist).href)

/** Of one row of the workload, with the metadata of the translator. */
const valueBytes = 1_450
const batch = 690
const rows = Number(process.env.BENCH_ROWS)
const topic = process.env.BENCH_TOPIC
const client = openKafkajs(connectionOf({ servers: process.env.BENCH_KAFKA }))
const producer = await client.openProducer()
const key = Buffer.from('public')
const messages = Array.from({ length: batch }, (_, i) => ({
  partition: 0,
  key,
  value: Buffer.alloc(valueBytes, `{"n":${i}}`),
  headers: {
    'pgstream-lsn': formatLsn(0x1_2345_6789n),
    'pgstream-commit-lsn': formatLsn(0x1_2345_6789n),
    'pgstream-ordinal': String(i),
    'content-type': 'application/json',
  },
}))
const begun = { at: performance.now(), cpu: process.cpuUsage() }
for (let left = rows; left > 0; left -= batch) {
  await producer.send(topic, left < batch ? messages.slice(0, left) : [...messages], () => Promise.reject())
}
const { user, system } = process.cpuUsage(begun.cpu)
writeFileSync(
  process.env.BENCH_REPORT,
  JSON.stringify({
    seconds: (performance.now() - begun.at) / 1000,
    cpuMicros: user + system,
    peakRss: process.resourceUsage().maxRSS * 1024,
  }),
)
await producer.close()
await client.close()
