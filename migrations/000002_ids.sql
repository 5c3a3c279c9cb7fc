create domain pgstream.xid as char(20) check (value ~ '^[a-v0-9]{20}$');

comment on domain pgstream.xid is 'Twelve bytes in base 32 (0-9, a-v).';

create function pgstream.encode_xid(hex text) returns pgstream.xid
language plpgsql immutable strict
set search_path = pg_catalog, pg_temp
as $$
declare
  bits constant varbit := ('x' || hex || '0')::varbit;
  digits text := '';
begin
  for digit in 0..19 loop
    digits := digits || substr(
      '0123456789abcdefghijklmnopqrstuv', 1 + substring(bits from 5 * digit + 1 for 5)::bit(5)::integer, 1);
  end loop;
  return digits;
end
$$;

comment on function pgstream.encode_xid(text) is 'From 24 hexadecimal digits.';

create function pgstream.table_id(table_oid oid) returns pgstream.xid
language plpgsql stable strict
set search_path = pg_catalog, pg_temp
as $$
declare
  cluster bigint;
  database bigint;
begin
  select c.system_identifier, d.oid into cluster, database
    from pg_control_system() as c, pg_database as d
   where d.datname = current_database();
  return pgstream.encode_xid(
    lpad(to_hex(((cluster >> 32) # cluster) & 4294967295), 8, '0')
    || lpad(to_hex(database), 8, '0')
    || lpad(to_hex(table_oid::bigint), 8, '0'));
end
$$;

comment on function pgstream.table_id(oid) is
  'Names a table for its lifetime, over renames and changes of schema. Derived, so that no transaction has to read what another one wrote.';

create function pgstream.new_id() returns pgstream.xid
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
declare
  random constant text := gen_random_uuid()::text;
begin
  return pgstream.encode_xid(
    lpad(to_hex(extract(epoch from clock_timestamp())::bigint & 4294967295), 8, '0')
    || substr(random, 1, 8)
    || substr(random, 29, 8));
end
$$;

comment on function pgstream.new_id() is 'Unique; begins with the second of its making.';

revoke execute on all functions in schema pgstream from public;
