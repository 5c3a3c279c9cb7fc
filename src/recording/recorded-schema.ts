import { lsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import type { SchemaStore, StoredEntry, TakeKnownEntry } from '../wal/schema-store.ts'

/** An assumed entry may come with any transaction of the recording. */
const everywhere = lsn(0xffff_ffff_ffff_ffffn)

/** The entries of the schema log that were there when a recording began, for a translator. There is nothing to write down. */
export class RecordedSchema implements SchemaStore {
  readonly #entries: { readonly entry: SchemaLogEntry; readonly assumed: boolean }[] = []

  add(entry: SchemaLogEntry, assumed: boolean): void {
    this.#entries.push({ entry, assumed })
  }

  async open(): Promise<void> {}

  async readState(_commitLsn: Lsn, start: () => TakeKnownEntry): Promise<Lsn> {
    const take = start()
    for (const { entry, assumed } of this.#entries) take(entry, assumed)
    return everywhere
  }

  async define(): Promise<readonly StoredEntry[]> {
    return []
  }

  async mark(): Promise<void> {}

  async close(): Promise<void> {}
}
