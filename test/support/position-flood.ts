/**
 * A process of its own, so that the heap is its own: floods a sink that never answers with position-only events and
 * prints a FloodReport. `node --expose-gc --import tsx position-flood.ts processor|checkpointed|fan-out EVENTS`
 */
import { once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { fanOut } from '../../src/pipeline/fan-out.ts'
import { slotPosition } from '../../src/postgres/slot-position.ts'
import type { WalEvent } from '../../src/wal/event.ts'
import { lsn } from '../../src/wal/lsn.ts'
import { insert } from './events.ts'
import { HeldSink } from './held-sink.ts'

export interface FloodReport {
  readonly written: number
  /** Of the heap after garbage collection, between the first tenth and the end. */
  readonly grownBytes: number
  readonly confirmations: number
  readonly seconds: number
}

const kind = process.argv[2]!
const count = Number(process.argv[3])
let confirmations = 0
const checkpointer: Checkpointer = {
  open: () => undefined,
  checkpoint: () => void confirmations++,
  close: () => undefined,
}
const deaf = new Writable({ objectMode: true, write: () => undefined })
const quick = new Writable({ objectMode: true, write: (_event, _encoding, callback) => callback() })
const sinks: Readonly<Record<string, (checkpointer: Checkpointer) => Writable>> = {
  processor: (given) => new HeldSink({ checkpointer: given }),
  checkpointed: (given) => checkpointed(deaf, given),
  'fan-out': (given) =>
    fanOut(given, [(each) => new HeldSink({ checkpointer: each }), (each) => checkpointed(quick, each)]),
}
const sink = sinks[kind]!(checkpointer)

function heap(): number {
  if (!globalThis.gc) throw new Error('Run with --expose-gc')
  globalThis.gc()
  return process.memoryUsage().heapUsed
}

let written = 0
let early = 0
/** One row that the sink holds, then commits of nothing and keepalives. */
function* flood(): Generator<WalEvent> {
  yield insert(1)
  for (; written < count; written++) {
    if (written === Math.floor(count / 10)) early = heap()
    const position = slotPosition(lsn(BigInt(written)))
    yield written % 2 === 0
      ? { kind: 'keepalive', position }
      : { kind: 'commit', commitLsn: position.offset, xid: written, commitTime: written, position }
  }
}

const start = performance.now()
const source = Readable.from(flood())
source.pipe(sink, { end: false })
await once(source, 'end')
const seconds = (performance.now() - start) / 1000
const report: FloodReport = { written, grownBytes: heap() - early, confirmations, seconds }
console.log(JSON.stringify(report))
process.exit(0)
