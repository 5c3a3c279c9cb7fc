import * as bytes from '../../support/pgoutput-bytes.ts'

const columns: readonly bytes.ColumnBytes[] = [
  { name: 'id', oid: 20, key: true },
  { name: 'customer', oid: 23 },
  { name: 'price', oid: 1700, modifier: 786_438 },
  { name: 'status', oid: 25 },
  { name: 'note', oid: 25 },
  { name: 'paid', oid: 16 },
  { name: 'placed', oid: 1184 },
  { name: 'ref', oid: 2950 },
  { name: 'attrs', oid: 3802 },
  { name: 'weight', oid: 701 },
]

const row = (id: number): Buffer =>
  bytes.tuple(
    String(id),
    String(id % 5000),
    ((id % 100_000) / 100).toFixed(2),
    'placed',
    `${'note '.repeat(8)}${id}`,
    id % 2 === 0 ? 't' : 'f',
    `2026-11-22 12:00:${String(id % 60).padStart(2, '0')}.123456+00`,
    '0cc175b9-c0f1-b6a8-31c3-99e269772661',
    `{"n": ${id}, "tags": ["a", "b"]}`,
    String(id / 7),
  )

/** The table's description. */
export const description = bytes.relation(columns, { table: 'orders' })

/** The messages of one transaction of the workload `mixed`: 700 inserts and 300 updates. */
export const transaction: readonly Buffer[] = [
  bytes.begin(),
  ...Array.from({ length: 700 }, (_, i) => bytes.insert(row(1_000_000 + i))),
  ...Array.from({ length: 300 }, (_, i) => bytes.update(row(1_000_000 + i))),
  bytes.commit(),
]
