/**
 * `npm run bench -- backfill`: how fast rows that were there before come, and how late those are that are written meanwhile, at
 * 200 transactions a second, beside the same without a backfill.
 */
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import {
  backfillStatus,
  cancelBackfill,
  startBackfill,
} from '../../../src/postgres/backfill/request-backfill.ts'
import type { TemporaryDatabase } from '../../support/postgres.ts'
import { openSession } from '../../support/session.ts'
import { preparedDatabase } from '../../support/source.ts'
import { eventually } from '../../support/wait.ts'
import { benchPostgres } from '../bench-services.ts'
import { insertOrders, orders } from '../workloads.ts'

const [perSecond, liveSeconds] = [200, 15]
const atLeastRows = 100_000
const mostTimesLater = 2

interface Report {
  readonly seconds: number
  readonly rows: number
  readonly cpuMicros: number
  readonly peakRssMb: number
  /** Milliseconds from commit to sink. */
  readonly late: readonly number[]
}

class Sink implements AsyncDisposable {
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
  }

  static async start(url: string): Promise<Sink> {
    const program = fileURLToPath(new URL('../programs/backfill-sink.mjs', import.meta.url))
    const child = fork(program, { env: { ...process.env, BENCH_URL: url } })
    await once(child, 'message')
    return new Sink(child)
  }

  /** Since the last report. */
  async report(): Promise<Report> {
    this.#child.send('report')
    const [report] = (await once(this.#child, 'message')) as [Report]
    return report
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const exited = once(this.#child, 'exit')
    this.#child.send('stop')
    await exited
  }
}

/** Rows that carry the time they were written at, from another connection, until disposed of. */
function writeLive(url: string): AsyncDisposable & { readonly perSecond: number } {
  let over = false
  const writing = (async () => {
    await using session = await openSession(url)
    const begun = performance.now()
    for (let n = 0; !over; n++) {
      const due = begun + (n * 1000) / perSecond
      if (due > performance.now()) await pause(due - performance.now())
      await session.query(`insert into live (at) values ('${performance.timeOrigin + performance.now()}')`)
    }
  })()
  return {
    perSecond,
    [Symbol.asyncDispose]: () => {
      over = true
      return writing
    },
  }
}

const isDone = async (url: string): Promise<boolean> => {
  const all = await backfillStatus({ url })
  return all.length > 0 && all.every(({ state }) => state === 'done')
}

const percentile = (late: readonly number[], part: number): number =>
  late.toSorted((a, b) => a - b)[Math.ceil(late.length * part) - 1]!

async function measureSpeed(database: TemporaryDatabase): Promise<void> {
  await using sink = await Sink.start(database.url)
  await sink.report()
  await startBackfill({ url: database.url, tables: ['orders'] })
  await eventually(() => isDone(database.url), { timeoutMs: 600_000, about: 'The end of the backfill' })
  const { seconds, rows, cpuMicros, peakRssMb } = await sink.report()
  const perSecond = rows / seconds
  console.log(
    `backfill, null sink: ${rows} rows, ${perSecond.toFixed(0)} rows/s (>= ${atLeastRows})${perSecond < atLeastRows ? ': missed' : ''}, ${(cpuMicros / rows).toFixed(1)} CPU-µs a row, ${peakRssMb.toFixed(0)} MB`,
  )
}

async function measureLive(database: TemporaryDatabase): Promise<void> {
  await using sink = await Sink.start(database.url)
  await using live = writeLive(database.url)
  await pause(2_000) // what has to be compiled once is
  await sink.report()
  await pause(liveSeconds * 1_000)
  const alone = await sink.report()
  await startBackfill({ url: database.url, tables: ['orders'] })
  await pause(liveSeconds * 1_000)
  const during = await sink.report()
  if (await isDone(database.url))
    console.log('the backfill was over before the time was: more --rows are wanted')
  else await cancelBackfill({ url: database.url })
  const told = ({ late }: Report): string =>
    [0.5, 0.9, 0.99].map((part) => `p${part * 100} ${percentile(late, part).toFixed(1)} ms`).join(', ')
  const times = percentile(during.late, 0.99) / percentile(alone.late, 0.99)
  console.log(`backfill, ${live.perSecond} tx/s beside it: ${told(alone)} without; ${told(during)} with`)
  console.log(
    `  and ${(during.rows / during.seconds).toFixed(0)} rows/s; p99 is ${times.toFixed(1)} times what it was (<= ${mostTimesLater})${times > mostTimesLater ? ': missed' : ''}`,
  )
}

/** `rows` in a table that is there before, whose backfill is run whole, and then again beside writers. */
export async function measureBackfill(rows: number): Promise<void> {
  await using server = await benchPostgres()
  await using database = await preparedDatabase(
    { url: server.url },
    {
      before: async ({ query }) => {
        await query(`${orders}; create table live (id serial primary key, at text)`)
        await query(insertOrders(1, rows))
        await query('vacuum analyze orders')
      },
    },
  )
  await measureSpeed(database)
  await measureLive(database)
}
