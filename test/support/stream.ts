import { PassThrough, Writable } from 'node:stream'
import type { Duplex } from 'node:stream'
import { checkpointed } from '../../src/pipeline/checkpointed.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'
import { runPipeline } from '../../src/pipeline/run-pipeline.ts'
import { postgresListener } from '../../src/postgres/postgres-listener.ts'
import type { PostgresListener } from '../../src/postgres/postgres-listener.ts'
import type { Logger } from '../../src/telemetry/logger.ts'
import type { ChangeEvent, WalEvent } from '../../src/wal/event.ts'
import { isPositionOnly } from '../../src/wal/event.ts'
import type { TemporaryDatabase } from './postgres.ts'
import { eventually } from './wait.ts'

export interface StreamOptions {
  readonly slotName?: string | undefined
  /** The end of the stream. Default: one for which everything is durable at once. */
  readonly processor?: (checkpointer: Checkpointer) => Writable
  /** Between the listener and what is recorded. */
  readonly stages?: readonly Duplex[]
  readonly logger?: Logger | undefined
  readonly signal?: AbortSignal | undefined
  /** Of the listener, before it is connected to anything. */
  readonly prepare?: (listener: PostgresListener) => void
}

/** A listener that runs against a database, and what it gave so far. Disposing destroys it if it still runs. */
export interface TestStream extends AsyncDisposable {
  readonly listener: PostgresListener
  readonly processor: Writable
  /** Everything that left the listener, or the stages behind it; positions too. */
  readonly events: readonly WalEvent[]
  /** Settles as the pipeline does, when the listener has let go of its slot. */
  readonly ended: Promise<void>
  /** Looks at the events until `look` neither throws nor gives false or null; rejects early when the stream ends. */
  until<T>(
    look: (events: readonly WalEvent[]) => T,
    about?: string,
    timeoutMs?: number,
  ): Promise<Exclude<T, false | null>>
  /** Runs statements, or a function that does, and gives the changes committed meanwhile, in order. */
  changesOf(act: string | (() => Promise<unknown>)): Promise<ChangeEvent[]>
  /** `listener.stop()`, and waits for the end. */
  stop(): Promise<void>
}

const markPrefix = 'test.mark'
let marks = 0

export function openStream(database: TemporaryDatabase, options: StreamOptions = {}): TestStream {
  const events: WalEvent[] = []
  const listener = postgresListener({ url: database.url, slotName: options.slotName, logger: options.logger })
  options.prepare?.(listener)
  const recorder = new PassThrough({
    objectMode: true,
    highWaterMark: 1,
    transform: (event: WalEvent, _encoding, callback) => {
      events.push(event)
      callback(null, event)
    },
  })
  const end = options.processor ?? ((checkpointer) => checkpointed(everythingTaken(), checkpointer))
  const processor = end(listener.checkpointer)
  const closed = new Promise((resolve) => listener.once('close', resolve))
  const ended = runPipeline({
    listener,
    stages: [...(options.stages ?? []), recorder],
    processor,
    ...(options.signal ? { signal: options.signal } : {}),
  }).finally(() => closed)
  /** Never settles but when the stream fails: that says more than what it did not bring. */
  const failed = new Promise<never>((_resolve, reject) => void ended.catch(reject))
  failed.catch(() => undefined)

  const until = async <T>(
    look: (all: readonly WalEvent[]) => T,
    about = 'What the test waits for in the stream',
    timeoutMs = 60_000,
  ): Promise<Exclude<T, false | null>> => {
    return Promise.race([eventually(() => look(events), { every: 5, about, timeoutMs }), failed])
  }
  const mark = async (): Promise<number> => {
    const name = String(++marks)
    await database.query('select pg_logical_emit_message(true, $1, $2::text)', [markPrefix, name])
    return until((all) => {
      const index = all.findIndex((event) => isMark(event) && event.content.toString() === name)
      return index < 0 ? null : index
    }, `Mark ${name}`)
  }
  return {
    listener,
    processor,
    events,
    ended,
    until,
    changesOf: async (act) => {
      const begin = await mark()
      await (typeof act === 'string' ? database.query(act) : act())
      const end = await mark()
      return events.slice(begin + 1, end).filter((event) => !isPositionOnly(event))
    },
    stop: async () => {
      listener.stop()
      await ended
    },
    [Symbol.asyncDispose]: async () => {
      listener.destroy()
      await ended.catch(() => undefined)
    },
  }
}

const isMark = (event: WalEvent): event is Extract<WalEvent, { kind: 'message' }> =>
  event.kind === 'message' && event.prefix === markPrefix

/** An end that takes everything and never confirms anything. */
export const nothingConfirmed = (): Writable => everythingTaken()

const everythingTaken = (): Writable =>
  new Writable({ objectMode: true, write: (_event, _encoding, callback) => callback() })
