/** A sink that throws everything away, with a backfill beside it; says how late rows of `live` came, and how many came that were there before. */
const dist = new URL('../../../dist/', import.meta.url)
const { backfill, encodeWireJsonBytes, postgresListener, Processor, runPipeline } = await import(
  new URL('index.js', dist)
)

let late = []
let rows = 0

class NullSink extends Processor {
  takesPrinted = true

  encode(event) {
    if (event.snapshot) rows++
    else if (event.kind === 'insert' && event.relation.table === 'live')
      late.push(performance.timeOrigin + performance.now() - Number(event.values[1]))
    return { bytes: encodeWireJsonBytes(event) }
  }

  async deliver() {}
}

// as the command does
const { keepHeapSmall } = await import(new URL('wal/allocate.js', dist))
keepHeapSmall()

const listener = postgresListener({ url: process.env.BENCH_URL })
backfill(listener, {})
const processor = new NullSink({
  checkpointer: listener.checkpointer,
  maxQueueBytes: 100 << 20,
  batchSize: 1000,
  batchBytes: 1 << 20,
})
const running = runPipeline({ listener, processor })
let begun = { at: 0, cpu: process.cpuUsage(), rows: 0 }

process.on('message', (message) => {
  if (message === 'stop') return listener.stop()
  const { user, system } = process.cpuUsage(begun.cpu)
  process.send({
    seconds: (performance.now() - begun.at) / 1000,
    rows: rows - begun.rows,
    cpuMicros: user + system,
    peakRssMb: process.resourceUsage().maxRSS / 1024,
    late,
  })
  begun = { at: performance.now(), cpu: process.cpuUsage(), rows }
  late = []
})
process.send('ready')
await running
process.disconnect()
