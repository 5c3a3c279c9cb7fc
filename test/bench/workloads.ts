import type { TemporaryDatabase } from '../support/postgres.ts'

/** What is written once, and then read again by every run. */
export interface Workload {
  readonly about: string
  /** Changes of one repetition of `write`; how often it is repeated follows from the rows asked for. */
  readonly changesOfOne: number
  readonly table: string
  /** One repetition, the `$1`th: transactions of its own. */
  readonly write: (query: TemporaryDatabase['query'], repetition: number) => Promise<unknown>
  /** A part of the rows asked for is enough: they are larger. */
  readonly share?: number
}

/** Ten columns of common types, about 300 bytes. */
export const orders = `create table orders (
  id bigint primary key, customer int not null, price numeric(12, 2) not null, status text not null, note text,
  paid boolean not null, placed timestamptz not null, ref uuid not null, attrs jsonb not null, weight float8)`

const orderColumns = (id: string): string => `
  ${id}, (${id} % 5000)::int, ((${id} % 100000) / 100.0)::numeric(12, 2), 'placed', repeat('note ', 8) || ${id},
  ${id} % 2 = 0, '2026-11-22 12:00:00.123456+00'::timestamptz + ${id} * interval '1 second',
  md5((${id})::text)::uuid, jsonb_build_object('n', ${id}, 'tags', array['a', 'b']), ${id} / 7.0`

export const insertOrders = (from: number, count: number): string =>
  `insert into orders select ${orderColumns('i')} from generate_series(${from}, ${from + count - 1}) as i`

const writeMixed: Workload['write'] = (query, repetition) => {
  const from = repetition * 700 + 1
  return query(
    `begin; ${insertOrders(from, 700)};
     update orders set status = 'sent', paid = not paid where id between ${from} and ${from + 299}; commit`,
  )
}

const wideColumns = Array.from({ length: 99 }, (_, i) => `c${i}`)

export const workloads = {
  mixed: {
    about: 'transactions of 700 inserts and 300 updates, 10 columns',
    changesOfOne: 1000,
    table: orders,
    write: writeMixed,
  },
  third: {
    about: 'transactions of 700 inserts and 300 updates, 10 columns; a third of the rows',
    changesOfOne: 1000,
    share: 1 / 3,
    table: orders,
    write: writeMixed,
  },
  million: {
    about: 'one transaction of 1,000,000 inserts, 10 columns',
    changesOfOne: 1_000_000,
    table: orders,
    write: (query, repetition) => query(insertOrders(repetition * 1_000_000 + 1, 1_000_000)),
  },
  single: {
    about: 'transactions of one insert, 10 columns',
    changesOfOne: 1000,
    share: 0.3,
    table: orders,
    write: (query, repetition) => {
      const from = repetition * 1000 + 1
      return query(
        `do $$ begin for id in ${from}..${from + 999} loop
           insert into orders select ${orderColumns('id')}; commit; end loop; end $$`,
      )
    },
  },
  churn: {
    about: 'transactions of 400 inserts, 400 updates that change no key and 200 deletes, 10 columns',
    changesOfOne: 1000,
    table: orders,
    write: (query, repetition) => {
      const from = repetition * 400 + 1
      return query(
        `begin; ${insertOrders(from, 400)};
         update orders set status = 'sent', paid = not paid where id between ${from} and ${from + 399};
         delete from orders where id between ${from} and ${from + 199}; commit`,
      )
    },
  },
  wide: {
    about: 'transactions of 500 inserts, 100 columns',
    changesOfOne: 500,
    share: 0.1,
    table: `create table wide (id bigint primary key, ${wideColumns.map((name) => `${name} int`).join(', ')})`,
    write: (query, repetition) =>
      query(
        `insert into wide select i, ${wideColumns.map((_, i) => `i % ${i + 7}`).join(', ')}
         from generate_series(${repetition * 500 + 1}, ${repetition * 500 + 500}) as i`,
      ),
  },
  toast: {
    about: 'transactions of 50 inserts, one text of 8 kB each, and 50 updates that leave it as it is',
    changesOfOne: 100,
    share: 0.1,
    table: `create table toast (id bigint primary key, n int not null, body text not null);
            alter table toast alter body set storage external`,
    write: (query, repetition) => {
      const from = repetition * 50 + 1
      return query(
        `begin; insert into toast select i, 0, left(repeat(md5(i::text), 256), 8000)
           from generate_series(${from}, ${from + 49}) as i;
         update toast set n = 1 where id between ${from} and ${from + 49}; commit`,
      )
    },
  },
  large: {
    about: 'transactions of 10 inserts, one text of 100 kB each',
    changesOfOne: 10,
    share: 0.01,
    table: `create table large (id bigint primary key, body text not null);
            alter table large alter body set storage external`,
    write: (query, repetition) =>
      query(
        `insert into large select i, left(repeat(md5(i::text), 3200), 100000)
         from generate_series(${repetition * 10 + 1}, ${repetition * 10 + 10}) as i`,
      ),
  },
} as const satisfies Record<string, Workload>

export type WorkloadName = keyof typeof workloads
