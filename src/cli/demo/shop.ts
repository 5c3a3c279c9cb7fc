/** The name of the database, and of the schema that visitors find themselves in. */
export const shop = 'shop'

export const makeDatabase: readonly string[] = [
  `create database ${shop}`,
  `alter database ${shop} set search_path = ${shop}, public`,
]

/** What was there before pgstream. The lines of an order have no key, as tables in real life. */
export const makeTables: string = `
create schema ${shop};
create table customers (
  id int generated always as identity primary key,
  name text not null,
  email text not null unique
);
create table products (
  id int generated always as identity primary key,
  name text not null,
  price numeric(8,2) not null,
  stock int not null
);
create table orders (
  id int generated always as identity primary key,
  customer_id int not null references customers,
  status text not null default 'new'
);
create table order_lines (
  order_id int not null references orders,
  product_id int not null references products,
  quantity int not null
);
alter table customers replica identity full;
alter table products replica identity full;
alter table orders replica identity full;
insert into customers (name, email) values
  ('Grace', 'grace@example.com'),
  ('Edgar', 'edgar@example.com');
insert into products (name, price, stock) values
  ('Teapot', 24.90, 12),
  ('Cup', 6.50, 80),
  ('Darjeeling', 9.80, 40);
`

/** One transaction, as somebody types it. */
export interface Scene {
  readonly statements: readonly string[]
  /** What a reader should know who sees these statements. */
  readonly note?: string
}

/** The last words of the story, as the content of a logical message with the shop's name as prefix. */
export const closingTime = 'closing time'

/** A day in the shop. */
export const scenes: readonly Scene[] = [
  { statements: [`insert into customers (name, email) values ('Ada', 'ada@example.com')`] },
  {
    statements: [
      'begin',
      'insert into orders (customer_id) values (3)',
      'insert into order_lines values (1, 1, 1), (1, 2, 4)',
      'update products set stock = stock - 1 where id = 1',
      'update products set stock = stock - 4 where id = 2',
      'commit',
    ],
  },
  { statements: [`update orders set status = 'paid' where id = 1`] },
  { statements: ['update order_lines set quantity = 6 where product_id = 2'] },
  { statements: [`update customers set email = 'ada@example.org' where id = 3`] },
  { statements: ['begin', 'delete from order_lines', 'rollback'], note: 'never happened: nothing to stream' },
  { statements: ['delete from customers where id = 2'] },
  { statements: ['alter table orders add column discount numeric(5,2)'] },
  { statements: [`update orders set discount = 7.50, status = 'shipped' where id = 1`] },
  { statements: ['alter table customers rename column email to mail'] },
  {
    statements: [`insert into customers (name, mail) values ('Kay', 'kay@example.com')`],
  },
  { statements: ['create table reviews (product_id int, stars int, words text)'] },
  { statements: [`insert into reviews values (1, 5, 'Pours well. Also speaks HTTP 418.')`] },
  { statements: ['update products set price = price * 1.1'] },
  { statements: ['drop table reviews'] },
  { statements: [`select pg_logical_emit_message(true, '${shop}', '${closingTime}')`] },
]
