create function pgstream.report_trouble(what text, command text, object text, state text, message text) returns void
language plpgsql volatile
set search_path = pg_catalog, pg_temp
as $$
begin
  raise warning using
    message = format('pgstream: %s: %s', what, message),
    detail = format('The command %s is done; what pgstream does beside it failed (SQLSTATE %s).',
                    command || coalesce(' on ' || object, ''), state),
    hint = case
             when what = 'schema log' and (command like 'DROP %' or command like 'ALTER %')
               then 'When it works again, select pgstream.refresh_schema(name of the schema) makes up for what there is; what was dropped stays known to those who read the stream.'
             when what = 'schema log'
               then 'When it works again, select pgstream.refresh_schema(name of the schema) makes up for it.'
             when state = '55P03'
               then 'pgstream run does it within a minute.'
             else 'Give the table a primary key; until then pgstream run looks at it every minute.' end;
  perform pg_logical_emit_message(
    true,
    'pgstream.trouble',
    json_build_object('what', what, 'command', command, 'object', object, 'sqlstate', state, 'message', message)::text);
end
$$;

comment on function pgstream.report_trouble(text, text, text, text, text) is
  'Tells the session, and the stream with the transaction''s commit, what a trigger could not do.';

revoke execute on all functions in schema pgstream from public;
