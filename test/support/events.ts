import type { CommitEvent, InsertEvent, KeepaliveEvent } from '../../src/wal/event.ts'
import { lsn } from '../../src/wal/lsn.ts'
import type { Relation } from '../../src/wal/relation.ts'
import type { Position } from '../../src/wal/position.ts'
import type { Checkpointer } from '../../src/pipeline/contracts.ts'

/** A table of two columns, as the stream would describe it. */
export const users: Relation = {
  oid: 16_400,
  schema: 'public',
  table: 'users',
  replicaIdentity: 'default',
  columns: [
    { name: 'id', type: 'integer', typeOid: 23, key: true },
    { name: 'name', type: 'text', typeOid: 25, key: false },
  ],
}

export const position = (number: number, partition = 'test'): Position => ({
  partition,
  offset: BigInt(number),
})

/** The n-th transaction's only row. */
export function insert(n: number, name = `user ${n}`): InsertEvent {
  const at = lsn(BigInt(n) * 100n)
  return {
    kind: 'insert',
    relation: users,
    values: [n, name],
    commitLsn: at,
    ordinal: 0,
    lsn: at,
    xid: 700 + n,
    commitTime: 1_795_000_000_000_000 + n,
    position: null,
    translation: null,
  }
}

export const commit = (n: number): CommitEvent => ({
  kind: 'commit',
  commitLsn: lsn(BigInt(n) * 100n),
  xid: 700 + n,
  commitTime: 1_795_000_000_000_000 + n,
  position: position(n),
})

export const keepalive = (n: number): KeepaliveEvent => ({ kind: 'keepalive', position: position(n) })

/** Remembers what was confirmed, in order. */
export class RecordingCheckpointer implements Checkpointer {
  readonly confirmed: number[] = []
  opened = false
  closed = false

  open(): void {
    this.opened = true
  }

  checkpoint(positions: readonly Position[]): void {
    for (const each of positions) this.confirmed.push(Number(each.offset))
  }

  close(): void {
    this.closed = true
  }

  get last(): number | undefined {
    return this.confirmed.at(-1)
  }
}
