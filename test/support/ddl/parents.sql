-- inheritance
create schema s; create table s.p (id int primary key, a text); create table s.c (x int primary key) inherits (s.p);
insert into s.p values (1, 'x'); insert into s.c values (2, 'y', 3);
alter table s.c no inherit s.p;
alter table s.p add column b int;
insert into s.p values (3, 'x', 1); insert into s.c values (4, 'y', 5);
alter table s.c add column b int;
alter table s.c inherit s.p;
alter table s.p rename column a to "A";
insert into s.c values (6, 'y', 7, 8);
alter table s.p drop column b cascade;
insert into s.c values (9, 'y', 10);
drop table s.p cascade;

-- partitions
create schema s; create schema s2; create table s.p (a int not null, b text) partition by range (a);
create table s.p1 partition of s.p for values from (0) to (10);
create table s2.p2 partition of s.p default partition by list (b);
create table s2.p3 partition of s2.p2 default;
insert into s.p values (1, 'x'), (11, 'y');
alter table s.p add primary key (a, b);
insert into s.p values (2, 'x'), (12, 'y');
update s.p set a = a + 10;
create unique index i on s.p (b, a);
alter table s.p rename column b to c;
insert into s.p values (3, 'x'), (13, 'y');
alter table s.p detach partition s.p1;
insert into s.p1 values (4, 'x');
alter table s.p1 drop constraint p1_pkey;
update s.p1 set c = 'z';
create table s.n (c text not null, extra int, a int not null);
alter table s.n drop column extra;
insert into s.n values ('q', 5);
alter table s.p attach partition s.n for values from (0) to (10);
insert into s.p values (6, 'x');
update s.p set c = c || '!';
alter table s.p add column d int default 5;
insert into s.p values (7, 'x');
drop table s.p cascade;

-- a partition that is detached concurrently
create schema s; create table s.p (a int primary key, b text) partition by range (a);
create table s.p1 partition of s.p for values from (0) to (10);
create table s.p2 partition of s.p for values from (10) to (20);
insert into s.p values (1, 'x');
alter table s.p detach partition s.p1 concurrently;
insert into s.p1 values (2, 'x');
alter table s.p add column c int;
insert into s.p values (11, 'x', 2);

-- indexes of a partitioned table, made piece by piece
create schema s; create table s.p (a int not null, b text) partition by range (a);
create table s.p1 partition of s.p for values from (0) to (10);
create unique index pi on only s.p (a);
create unique index p1i on s.p1 (a);
insert into s.p values (1, 'x');
alter index s.pi attach partition s.p1i;
insert into s.p values (2, 'x');
update s.p set b = 'y';

-- foreign and view-like things are no tables
create schema s; create foreign data wrapper w; create server x foreign data wrapper w;
create foreign table s.f (id int) server x; alter foreign table s.f add column b int;
create view s.v as select 1 as a; create materialized view s.m as select 1 as a with no data; create unique index on s.m (a); refresh materialized view s.m;
refresh materialized view concurrently s.m;
create table s.p (a int, b int) partition by range (a); create foreign table s.p1 partition of s.p for values from (0) to (1) server x;
alter table s.p add column c int;
drop foreign data wrapper w cascade;
create table s.t (id int primary key); insert into s.t values (1);
