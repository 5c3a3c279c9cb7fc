-- whose entries are not visible yet, though its commit was streamed: a synchronous standby does not answer
alter table pgstream.schema_marks add column xid xid8 not null default '0';

comment on column pgstream.schema_marks.xid is 'The transaction that wrote the entry.';
