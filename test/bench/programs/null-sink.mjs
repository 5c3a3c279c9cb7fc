/** A sink that makes the wire JSON of every change, translated, and throws it away: what the way to any sink costs. */
const dist = new URL('../../../dist/', import.meta.url)
const { encodeWireJsonBytes, postgresListener, Processor, runPipeline, translator } = await import(
  new URL('index.js', dist)
)

class NullSink extends Processor {
  takesPrinted = true

  encode(event) {
    return { bytes: encodeWireJsonBytes(event) }
  }

  async deliver() {}
}

const listener = postgresListener({ url: process.env.BENCH_URL, slotName: process.env.BENCH_SLOT })
const processor = new NullSink({
  checkpointer: listener.checkpointer,
  maxQueueBytes: 100 << 20,
  batchSize: 1000,
  batchBytes: 1 << 20,
})
process.once('SIGTERM', () => listener.stop())
await runPipeline({ listener, stages: [translator()], processor })
