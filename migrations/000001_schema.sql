create schema if not exists pgstream;

-- whoever made the schema could otherwise put functions of his own beside ours
alter schema pgstream owner to current_user;
revoke all on schema pgstream from public;

comment on schema pgstream is 'What pgstream keeps in this database; pgstream tear-down removes it.';
