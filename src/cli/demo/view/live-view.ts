import type { Checkpointer } from '../../../pipeline/contracts.ts'
import type { Operation } from '../../../pipeline/processor.ts'
import { StdoutWriter } from '../../../stdout/stdout-writer.ts'
import type { ChangeEvent } from '../../../wal/event.ts'
import { eventText } from './event-text.ts'
import type { Paint } from './paint.ts'
import { SchemaMemory } from './schema-memory.ts'
import { wallClock } from './wall-clock.ts'

export interface LiveViewOptions {
  readonly checkpointer: Checkpointer
  readonly paint: Paint
  /** Columns that there are at the moment. */
  readonly width: () => number
}

const latencyWidth = 10

/** Writes events as lines for people, with the time that each took from its commit to here. */
export class LiveView extends StdoutWriter {
  /** Milliseconds, of all events that were committed since this was made. */
  readonly latencies: number[] = []
  readonly #paint: Paint
  readonly #width: () => number
  readonly #memory = new SchemaMemory()
  readonly #startedAt = wallClock()

  constructor({ checkpointer, paint, width }: LiveViewOptions) {
    super({ checkpointer })
    this.#paint = paint
    this.#width = width
  }

  protected override encode(event: ChangeEvent): Operation {
    const [paint, memory] = [this.#paint, this.#memory]
    const lines = eventText(event, { paint, memory, width: this.#width() - latencyWidth })
    const [first = '', ...more] = lines
    const start = paint('faint', this.#latencyOf(event).padStart(latencyWidth - 2))
    const text = [`${start}  ${first}`, ...more.map((line) => ' '.repeat(latencyWidth) + line)]
    return { bytes: Buffer.from(`${text.join('\n')}\n`) }
  }

  /** Nothing for an older event, whose time would tell how long it waited for us to be started. */
  #latencyOf({ commitTime }: ChangeEvent): string {
    const committedAt = commitTime / 1000
    if (committedAt < this.#startedAt) return ''
    const latency = Math.max(0, wallClock() - committedAt)
    this.latencies.push(latency)
    return `${latency.toFixed(1)} ms`
  }
}
