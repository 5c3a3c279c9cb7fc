import { isDeepStrictEqual } from 'node:util'
import type { WalEvent } from '../../../src/wal/event.ts'

type Told = Exclude<WalEvent, { kind: 'keepalive' }>

const most = 5

/** What two plugins say of one event, but for the values of rows, which the source is asked about. */
function placeOf(event: Told): Record<string, unknown> {
  if (event.kind === 'commit') return { ...event }
  const { kind, commitLsn, ordinal, lsn, xid, commitTime } = event
  const place = { kind, commitLsn, ordinal, lsn, xid, commitTime }
  if (kind === 'message') return { ...place, prefix: event.prefix, transactional: event.transactional }
  return { ...place, schema: event.relation.schema, table: event.relation.table }
}

/** What is said of the table, in the columns that the other one tells of, too: not all plugins send generated ones. */
function tableOf(event: Told, other: Told): unknown {
  if (!('relation' in event && 'relation' in other)) return null
  const { oid, replicaIdentity, columns } = event.relation
  const names = new Set(other.relation.columns.map(({ name }) => name))
  // types of users are made while the stream runs: wal2json does not tell their oids
  const ofBoth = columns.flatMap(({ typeOid, ...column }) =>
    names.has(column.name) ? [{ ...column, typeOid: typeOid < 10_000 ? typeOid : 0 }] : [],
  )
  return { oid, replicaIdentity, columns: ofBoth }
}

/** Changes, and commits of transactions that have some: wal2json tells of the others, too. */
function withChanges(events: readonly WalEvent[]): Told[] {
  const told: Told[] = []
  for (const event of events) {
    if (event.kind === 'keepalive') continue
    const last = told.at(-1)
    if (event.kind !== 'commit' || last?.commitLsn === event.commitLsn) told.push(event)
  }
  return told
}

/**
 * Where the stream of wal2json differs from that of pgoutput in what it tells of each event; the first few differences, in
 * words. What it says of a table follows from the entries before: of rows of CREATE TABLE AS it knows the names only.
 */
export function compareStreams(pgoutput: readonly WalEvent[], wal2json: readonly WalEvent[]): string[] {
  const problems: string[] = []
  const described = new Set<number>()
  const [first, second] = [withChanges(pgoutput), withChanges(wal2json)]
  if (first.length !== second.length)
    problems.push(`${first.length} events by pgoutput, ${second.length} by wal2json`)
  for (let i = 0; i < Math.min(first.length, second.length) && problems.length < most; i++) {
    const [a, b] = [first[i]!, second[i]!]
    if (a.kind === 'schema-change') for (const { oid } of a.entry.schema.tables) described.add(Number(oid))
    const sides: [unknown, unknown][] = [[placeOf(a), placeOf(b)]]
    const isDescribed = !('relation' in a) || described.has(a.relation.oid)
    if (isDescribed && a.kind !== 'schema-change') sides.push([tableOf(a, b), tableOf(b, a)])
    for (const [left, right] of sides)
      if (!isDeepStrictEqual(left, right)) problems.push(`event ${i}: ${inWords(left)} and ${inWords(right)}`)
  }
  return problems
}

const inWords = (side: unknown): string =>
  JSON.stringify(side, (_key, value: unknown) => (typeof value === 'bigint' ? value.toString(16) : value))
