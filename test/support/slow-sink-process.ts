/**
 * A process of its own, to be killed: reads a slot into a sink that is much slower than the source, behind a guard that
 * takes many batches, and appends a line to a file for each row when it is stored.
 * `node --import tsx slow-sink-process.ts URL FILE`
 */
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { Processor } from '../../src/pipeline/processor.ts'
import type { Operation } from '../../src/pipeline/processor.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { weightOf } from '../../src/pipeline/weight.ts'
import { postgresListener } from '../../src/postgres/postgres-listener.ts'
import type { ChangeEvent } from '../../src/wal/event.ts'

/** A line of the file. */
export interface StoredRow {
  readonly commitLsn: string
  readonly ordinal: number
  /** When it was stored, in milliseconds of a clock that does not jump. */
  readonly at: number
  /** The source was waiting for this sink. */
  readonly guardIsFull: boolean
}

/** What one delivery takes, and how long: 2,500 rows a second. */
const batchSize = 50
const batchMs = 20
/** Of a row in the queue, and what the guard counts for it. */
const rowBytes = 200
const rowWeight = weightOf(Buffer.alloc(rowBytes)).length

const guardRows = 15_000

class SlowSink extends Processor {
  readonly #file: string

  constructor(file: string, checkpointer: Checkpointer) {
    super({ checkpointer, batchSize, batchBytes: 1024 * 1024, maxQueueBytes: guardRows * rowWeight })
    this.#file = file
  }

  protected override encode(event: ChangeEvent): Operation | null {
    if (event.kind !== 'insert') return null
    const name = { commitLsn: String(event.commitLsn), ordinal: event.ordinal }
    return { bytes: Buffer.from(JSON.stringify(name).padEnd(rowBytes)) }
  }

  protected override async deliver(batch: readonly Operation[]): Promise<void> {
    await pause(batchMs)
    const also = { at: Math.round(performance.now()), guardIsFull: this.writableNeedDrain }
    const lines = batch.map(({ bytes }) => {
      const name = JSON.parse(bytes.toString()) as Pick<StoredRow, 'commitLsn' | 'ordinal'>
      return JSON.stringify({ ...name, ...also }) + '\n'
    })
    appendFileSync(this.#file, lines.join(''))
  }
}

const [url, file] = process.argv.slice(2)
const listener = postgresListener({ url: url! })
await runPipeline({ listener, processor: new SlowSink(file!, listener.checkpointer) })
