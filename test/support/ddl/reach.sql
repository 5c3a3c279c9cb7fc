-- DROP TYPE CASCADE of an enum
create schema s; create type s.mood as enum ('sad', 'ok'); create domain s.d as s.mood;
create table s.t (id int primary key, a s.mood, b s.mood[], c s.d, e int);
insert into s.t values (1, 'sad', '{ok}', 'ok', 7);
drop type s.mood cascade;
insert into s.t values (2, 8);
update s.t set e = 9;

-- DROP TYPE CASCADE of what is in a key
create schema s; create type s.mood as enum ('sad', 'ok');
create table s.t (a s.mood, b int, primary key (a, b));
insert into s.t values ('sad', 1);
drop type s.mood cascade;
insert into s.t values (2);
update s.t set b = b + 1;

-- DROP DOMAIN CASCADE over a domain over an array
create schema s; create domain s.ids as int[]; create domain s.more as s.ids;
create table s.t (id int primary key, a s.ids, b s.more, c s.more[]);
insert into s.t values (1, '{1}', '{2}', '{"{3}"}');
drop domain s.ids cascade;
insert into s.t values (2);

-- DROP TYPE CASCADE of a composite with a typed table
create schema s; create type s.pair as (a int, b text);
create table s.t of s.pair (primary key (a)); create table s.u (id int primary key, p s.pair, ps s.pair[]);
insert into s.t values (1, 'x'); insert into s.u values (1, '(1,x)', '{"(2,y)"}');
drop type s.pair cascade;
insert into s.u values (2);

-- DROP TYPE CASCADE of a range with its multirange
create schema s; create type s.span as range (subtype = float8);
create table s.t (id int primary key, a s.span, b s.span_multirange);
insert into s.t values (1, '[1,2)', '{[1,2)}');
drop type s.span cascade;
insert into s.t values (2);

-- DROP EXTENSION CASCADE, a key with it (needs ltree)
create schema s; create extension ltree schema s;
create table s.t (path s.ltree primary key, n int);
insert into s.t values ('a.b', 1);
drop extension ltree cascade;
insert into s.t values (2); update s.t set n = n + 1;

-- ALTER EXTENSION SET SCHEMA (needs ltree)
create schema s; create schema s2; create extension ltree schema s;
create table s.t (path s.ltree primary key, n int); insert into s.t values ('a.b', 1);
alter extension ltree set schema s2;
insert into s.t values ('a.c', 2);
drop extension ltree cascade;

-- DROP SCHEMA CASCADE with types of others
create schema s; create schema types; create type types.mood as enum ('sad');
create table types.here (id int primary key); create table s.t (id int primary key, a types.mood);
insert into s.t values (1, 'sad'); insert into types.here values (1);
drop schema types cascade;
insert into s.t values (2);

-- DROP SCHEMA of several
create schema a; create schema b; create table a.t (id int primary key); create table b.t (id int primary key);
insert into a.t values (1); insert into b.t values (2);
drop schema a, b cascade;

-- DROP OWNED: tables, types and schemas of a role
create schema s; create schema r authorization ROLE;
create type s.mood as enum ('sad'); alter type s.mood owner to ROLE;
create table s.kept (id int primary key, a s.mood); create table s.gone (id int primary key);
alter table s.gone owner to ROLE; create table r.inside (id int primary key);
insert into s.kept values (1, 'sad'); insert into s.gone values (1); insert into r.inside values (1);
drop owned by ROLE cascade;
insert into s.kept values (2);

-- REASSIGN OWNED
create schema s; create table s.t (id int primary key); alter table s.t owner to ROLE;
insert into s.t values (1);
reassign owned by ROLE to current_user;
insert into s.t values (2);

-- CREATE SCHEMA with all that it can hold
create schema s create table a (id int primary key, b text) create table b (id int primary key, a int unique references s.a)
  create unique index on a (b) create view v as select * from a create sequence q;
insert into s.a values (1, 'x'); insert into s.b values (1, 1);

-- a schema that is renamed, beside types and defaults of others
create schema s; create schema o; create type s.mood as enum ('sad'); create sequence s.q;
create table s.t (id int primary key, a s.mood);
create table o.t (id int primary key default nextval('s.q'), a s.mood default 'sad');
insert into s.t values (1, 'sad'); insert into o.t default values;
alter schema s rename to "S.new";
insert into "S.new".t values (2, 'sad'); insert into o.t default values;

-- ALTER TYPE of an enum
create schema s; create schema s2; create type s.mood as enum ('sad', 'ok');
create table s.t (id int primary key, a s.mood default 'ok', b s.mood[]);
insert into s.t values (1, 'sad', '{ok}');
alter type s.mood add value 'happy' before 'ok';
insert into s.t values (2, 'happy', '{happy}');
alter type s.mood rename to "Mood";
insert into s.t values (3, 'happy', '{happy}');
alter type s."Mood" set schema s2;
insert into s.t values (4, 'happy', '{happy}');

-- ALTER TYPE RENAME VALUE of what a default has
create schema s; create type s.mood as enum ('sad', 'ok');
create table s.t (id int primary key, a s.mood default 'ok', b int);
alter type s.mood rename value 'ok' to 'fine';
insert into s.t (id) values (1);
alter type s.mood add value 'happy';

-- ALTER TYPE of a composite with a typed table
create schema s; create type s.pair as (a int, b text);
create table s.t of s.pair (primary key (a));
insert into s.t values (1, 'x');
alter type s.pair add attribute c numeric cascade;
insert into s.t values (2, 'x', 1.50);
alter type s.pair rename attribute b to "B b" cascade;
insert into s.t values (3, 'x', 1.50);
alter type s.pair drop attribute c cascade;
insert into s.t values (4, 'x');
alter table s.t not of;
alter table s.t add column d int;
insert into s.t values (5, 'x', 1);

-- ALTER TYPE of a composite that a column has
create schema s; create type s.pair as (a int, b text);
create table s.t (id int primary key, p s.pair);
alter type s.pair add attribute c numeric;
insert into s.t values (2, '(1,x,1.50)');
alter type s.pair rename attribute b to "B b";
insert into s.t values (3, '(1,x,1.50)');

-- ALTER DOMAIN
create schema s; create domain s.d as int; create table s.t (id int primary key, a s.d);
insert into s.t values (1, 1);
alter domain s.d set default 5;
alter domain s.d set not null;
insert into s.t (id) values (2);
alter domain s.d drop not null;
alter domain s.d add constraint c check (value < 100);
alter domain s.d rename to e;
insert into s.t values (3, null);

-- a type that is a row of a table
create schema s; create table s.of (a int primary key, b text); create table s.t (id int primary key, r s.of, rs s.of[]);
insert into s.t values (1, '(1,x)', '{"(2,y)"}');
alter table s.of rename to of2;
insert into s.t values (2, '(1,x)', '{"(2,y)"}');
drop table s.of2 cascade;
insert into s.t values (3);

-- a type that is a row of a view
create schema s; create schema s2; create view s.v as select 1 as a; create table s.t (id int primary key, r s.v);
insert into s.t values (1, '(1)');
alter view s.v rename to w;
insert into s.t values (2, '(1)');
alter view s.w set schema s2;
insert into s.t values (3, '(1)');
drop view s2.w cascade;
insert into s.t values (4);

-- a type that is a row of a materialized view
create schema s; create materialized view s.v as select 1 as a with no data; create table s.t (id int primary key, r s.v);
insert into s.t values (1, '(1)');
alter materialized view s.v rename to w;
insert into s.t values (2, '(1)');
drop materialized view s.w cascade;
insert into s.t values (4);

-- what a default is made of
create schema s; create schema s2; create sequence s.q; create function s.f() returns int language sql as 'select 5';
create table s.t (id int primary key default nextval('s.q'), a int default s.f());
insert into s.t default values;
alter sequence s.q rename to q2;
alter function s.f() rename to g;
insert into s.t default values;
alter sequence s.q2 set schema s2;
alter function s.g() set schema s2;
insert into s.t default values;
drop function s2.g() cascade;
drop sequence s2.q2 cascade;
insert into s.t values (9);

-- what a generated column is made of
create schema s; create function s.f(int) returns int immutable language sql as 'select $1 + 5';
create table s.t (id int primary key, a int, g int generated always as (s.f(a)) stored);
insert into s.t values (1, 1);
drop function s.f(int) cascade;
insert into s.t values (2, 2);

-- DROP COLLATION CASCADE
create schema s; create collation s.c (locale = 'C'); create table s.t (id int primary key, a text collate s.c);
insert into s.t values (1, 'x');
drop collation s.c cascade;
insert into s.t values (2);

-- DROP OPERATOR CLASS CASCADE
create schema s; create operator class s.c for type int4 using btree as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint4cmp(int4, int4);
create table s.t (id int, a int not null); create unique index on s.t (a s.c);
insert into s.t values (1, 1);
drop operator class s.c using btree cascade;
insert into s.t values (2, 1); update s.t set a = a + 1;

-- DROP ACCESS METHOD CASCADE
create schema s; create access method heap3 type table handler heap_tableam_handler;
create table s.t (id int primary key) using heap3;
insert into s.t values (1);
drop access method heap3 cascade;

-- DROP TEXT SEARCH CONFIGURATION CASCADE
create schema s; create text search configuration s.c (copy = simple);
create table s.t (id int primary key, a text, v tsvector generated always as (to_tsvector('s.c', a)) stored);
insert into s.t values (1, 'x y');
drop text search configuration s.c cascade;
insert into s.t values (2, 'z');
