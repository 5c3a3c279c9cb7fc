import { translator } from '../../../src/translator/translator.ts'
import type { RowEvent, WalEvent } from '../../../src/wal/event.ts'
import { formatLsn, lsn } from '../../../src/wal/lsn.ts'
import type { PostgresSource, TemporaryDatabase } from '../postgres.ts'
import { nothingConfirmed, openStream } from '../stream.ts'
import type { TestStream } from '../stream.ts'
import { isRow, translationOf } from '../translations.ts'
import { eventually } from '../wait.ts'

/** A slot of its own, and the streams that begin where it stands, one after the other. Disposing drops it. */
export class RestartedStream implements AsyncDisposable {
  readonly #database: TemporaryDatabase
  readonly #slotName: string
  readonly #ended: WalEvent[] = []
  #stream: TestStream | null = null

  private constructor(database: TemporaryDatabase, slotName: string) {
    this.#database = database
    this.#slotName = slotName
  }

  static async make(
    database: TemporaryDatabase,
    { plugin }: PostgresSource,
    suffix: string,
  ): Promise<RestartedStream> {
    const slotName = `${database.name}_${suffix}`
    await database.query('select pg_create_logical_replication_slot($1, $2)', [slotName, plugin])
    return new RestartedStream(database, slotName)
  }

  /** Ends the stream, and begins another one behind the commit, or where the slot stands if that is further. */
  async startAgain(commit: Extract<WalEvent, { kind: 'commit' }>): Promise<void> {
    await this.#end()
    await this.#database.query(
      `select pg_replication_slot_advance(slot_name, $2::pg_lsn) from pg_replication_slots
        where slot_name = $1 and confirmed_flush_lsn < $2::pg_lsn`,
      [this.#slotName, formatLsn(lsn(commit.position.offset))],
    )
    this.#stream = openStream(this.#database, {
      slotName: this.#slotName,
      stages: [translator()],
      processor: nothingConfirmed,
    })
  }

  /** All that its streams gave, when the last of them has everything that is committed by now. */
  async events(): Promise<readonly WalEvent[]> {
    await this.#stream?.changesOf('select')
    return [...this.#ended, ...(this.#stream?.events ?? [])]
  }

  async #end(): Promise<void> {
    await this.#stream?.[Symbol.asyncDispose]()
    this.#ended.push(...(this.#stream?.events ?? []))
    this.#stream = null
    const isFree = async (): Promise<boolean> => {
      const slots = await this.#database.query(
        'select from pg_replication_slots where slot_name = $1 and not active',
        [this.#slotName],
      )
      return slots.length === 1
    }
    await eventually(isFree, { about: 'The slot without a stream', every: 5 })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end()
    await this.#database.query('select pg_drop_replication_slot($1)', [this.#slotName])
  }
}

/** What the rows of a stream are of, by their places; not the names of types, which may be gone when it starts again. */
export function toldRows(events: readonly WalEvent[]): Map<string, unknown> {
  return new Map(events.filter(isRow).map((row) => [`${row.commitLsn} ${row.ordinal}`, told(row)]))
}

function told(row: RowEvent): unknown {
  const { oid, schema, table, columns } = row.relation
  return {
    kind: row.kind,
    table: [oid, schema, table],
    key: columns.filter(({ key }) => key).map(({ name }) => name),
    translation: translationOf(row),
    values: 'values' in row ? row.values : null,
    old: 'old' in row ? row.old : null,
  }
}
