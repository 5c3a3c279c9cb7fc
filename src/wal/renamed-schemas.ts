import { parseLsn } from './lsn.ts'
import type { Lsn } from './lsn.ts'
import type { SchemaLogEntry } from './schema-log.ts'
import { snapshotSees } from './snapshot.ts'

interface Renamed {
  readonly from: string
  readonly to: string
  /** What other transactions changed before it is called by the old name. */
  readonly commitLsn: Lsn
  readonly xid: bigint
}

/** Of a change: its own place, and that of its transaction. */
export interface ChangePlace {
  readonly lsn: Lsn
  readonly commitLsn: Lsn
}

/** A transaction sees its own commands at once. */
const isBefore = (change: ChangePlace, { commitLsn }: Renamed): boolean =>
  change.lsn < commitLsn && change.commitLsn !== commitLsn

/** As many are remembered; a transaction that is older than all of them has other troubles. */
const most = 1_000

/**
 * What schemas are called now. Both plugins call a table by the old name of its schema in a transaction that was open when
 * the schema was renamed, and pgoutput of Postgres 15 ever after; but behind the entry, consumers know the new name only.
 */
export class RenamedSchemas {
  readonly #now = new Map<string, string>()
  readonly #renames: Renamed[] = []

  nameNow(schema: string): string {
    return this.#now.get(schema) ?? schema
  }

  /** Whether any was renamed behind that place. */
  isRenamedSince(change: ChangePlace): boolean {
    // the last one is the highest: entries come in the order of the commits
    const last = this.#renames.at(-1)
    return (
      last !== undefined &&
      change.lsn < last.commitLsn &&
      this.#renames.some((each) => isBefore(change, each))
    )
  }

  /** What the schema is called now that had this name at a place in the WAL: another may have the name since. */
  nameOf(schema: string, change: ChangePlace): string {
    return this.#renames.reduce(
      (name, each) => (each.from === name && isBefore(change, each) ? each.to : name),
      schema,
    )
  }

  /** What the schema of an entry is called now: a table may be made in one that another transaction renames meanwhile. */
  nameIn({ schemaName, schema: { snapshot, xid } }: SchemaLogEntry): string {
    return this.#renames.reduce(
      (name, each) =>
        each.from === name && each.xid !== BigInt(xid) && !snapshotSees(snapshot, each.xid) ? each.to : name,
      schemaName,
    )
  }

  /** `commitLsn`: of the entry's transaction, where that is known; the entry itself stands a little before it. */
  learn(entry: SchemaLogEntry, commitLsn?: Lsn): void {
    const { schemaName, schema } = entry
    const { renamed_from: from, lsn, xid } = schema
    if (from === undefined && this.nameIn(entry) !== schemaName) return
    // what an entry is about is there, and called so
    if (from !== undefined) {
      for (const [before, now] of this.#now) if (now === from) this.#now.set(before, schemaName)
      this.#now.set(from, schemaName)
      this.#renames.push({ from, to: schemaName, commitLsn: commitLsn ?? parseLsn(lsn), xid: BigInt(xid) })
      if (this.#renames.length > most) this.#renames.shift()
    }
    this.#now.delete(schemaName)
  }
}
