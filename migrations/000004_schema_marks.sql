create table pgstream.schema_marks (
  -- no foreign key: a commit is streamed before others see what it wrote
  entry_id pgstream.xid not null,
  system_identifier text not null,
  commit_end pg_lsn not null,
  primary key (entry_id, system_identifier)
);

comment on table pgstream.schema_marks is
  'Where in the WAL of which server the commit of an entry of the schema log ends; written by the program that streams it.';
