import { PgstreamError } from '../errors.ts'
import { Fifo } from '../pipeline/fifo.ts'
import type { SteadySession } from '../postgres/steady-session.ts'

/** A notification that its receiver would not take. */
export interface DeadLetter {
  readonly webhookId: string
  readonly url: string
  readonly subscriptionIds: readonly string[]
  readonly action: string
  readonly schema: string
  readonly table: string
  readonly body: Buffer
  /** A sentence without values. */
  readonly reason: string
  readonly attempts: number
}

const [mostLetters, mostBytes] = [500, 4 * 1024 * 1024]

/** Of what Postgres takes as one value, which is a gigabyte with all that belongs to it. */
const mostBodyBytes = 1_000_000_000

/** `bodies` is an array: of a single one, which is sent as it is, and not as text that is twice as long. */
const keepSql = (bodies: string): string => `insert into pgstream.webhook_dead_letters as d
    (webhook_id, url, subscription_ids, action, schema_name, table_name, body, reason, attempts)
  select i ->> 0, i ->> 1, string_to_array(i ->> 2, ',')::bigint[], i ->> 3, i ->> 4, i ->> 5, body, i ->> 6, (i ->> 7)::int
    from unnest($1::json[], ${bodies}) as letter (i, body)
  on conflict (url, webhook_id) do update set
    reason = excluded.reason, attempts = d.attempts + excluded.attempts, subscription_ids = excluded.subscription_ids`

/** Writes letters into the table, those that come together in one statement. */
export class DeadLetterBox {
  readonly #session: SteadySession
  readonly #signal: AbortSignal
  readonly #waiting = new Fifo<{ letter: DeadLetter; kept: () => void; failed: (error: unknown) => void }>()
  readonly #onFailed: ((error: unknown) => void) | undefined
  #isWriting = false
  #count = 0

  /** `onFailed` hears of each attempt that was in vain. */
  constructor(session: SteadySession, signal: AbortSignal, onFailed?: (error: unknown) => void) {
    this.#session = session
    this.#signal = signal
    this.#onFailed = onFailed
  }

  /** Kept since the start. */
  get count(): number {
    return this.#count
  }

  /**
   * Resolves when it is durable, however long the database is away. Rejects when the signal is aborted, and with
   * PGSTREAM_SINK_FAILED for one that no table takes.
   */
  async keep(letter: DeadLetter): Promise<void> {
    if (letter.body.length > mostBodyBytes) throw tooLarge(letter)
    const kept = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ letter, kept: resolve, failed: reject })
    })
    if (!this.#isWriting) void this.#write()
    await kept
  }

  async #write(): Promise<void> {
    this.#isWriting = true
    while (this.#waiting.length > 0) {
      const batch = this.#nextBatch()
      try {
        const heads = batch.map(({ letter }) => headOf(letter))
        const [body, ...others] = batch.map(({ letter }) => letter.body)
        const [sql, bodies] =
          others.length === 0
            ? [keepSql('array[$2::bytea]'), body]
            : [keepSql('$2::bytea[]'), [body, ...others]]
        await this.#session.patientQuery(sql, [heads, bodies], this.#signal, this.#onFailed)
        this.#count += batch.length
        for (const { kept } of batch) kept()
      } catch (error) {
        for (const { failed } of batch) failed(error)
      }
    }
    this.#isWriting = false
  }

  /** No letter twice: a statement may change a row only once. */
  #nextBatch(): { letter: DeadLetter; kept: () => void; failed: (error: unknown) => void }[] {
    const names = new Set<string>()
    const batch = []
    let bytes = 0
    for (let next = this.#waiting.first(); next; next = this.#waiting.first()) {
      const name = `${next.letter.webhookId} ${next.letter.url}`
      bytes += next.letter.body.length
      if (names.has(name) || batch.length === mostLetters || (batch.length > 0 && bytes > mostBytes)) break
      names.add(name)
      batch.push(next)
      this.#waiting.shift()
    }
    return batch
  }
}

const headOf = ({
  webhookId,
  url,
  subscriptionIds,
  action,
  schema,
  table,
  reason,
  attempts,
}: DeadLetter): string =>
  JSON.stringify([webhookId, url, subscriptionIds.join(','), action, schema, table, reason, attempts])

const tooLarge = ({ webhookId, body, reason }: DeadLetter): PgstreamError =>
  new PgstreamError(
    'PGSTREAM_SINK_FAILED',
    `The notification ${webhookId} of ${body.length} bytes is refused (${reason}), and too large to be kept among the dead letters.`,
    { remedy: 'Let the receiver take it, or unsubscribe it; then start again.' },
  )
