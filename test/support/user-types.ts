/** Types that users make, and what is made before them; extensions only where the server has them. */
export const createUserTypes = `
  create schema "My Types";
  create type mood as enum ('sad', 'ha"ppy', 'it''s');
  create type "My Types"."Odd ""M""" as enum ('x');
  create type pair as (a int, b text);
  create type nested as (p pair, ps pair[], at timestamptz);
  create type span as range (subtype = float8, multirange_type_name = spans);
  create domain flag as boolean;
  create domain big as bigint;
  create domain price as numeric(10,2) check (value >= 0);
  create domain discount as price;
  create domain blob as bytea;
  create domain ids as int[];
  create domain moods as mood[];
  create domain couple as pair;
  do $$ begin
    create extension if not exists hstore; create extension if not exists citext;
  exception when others then null; end $$`

/** By the name that \`format_type\` gives them: values that are hard to carry. */
export const userTypes: Readonly<Record<string, readonly string[]>> = {
  'public.mood': ['sad', 'ha"ppy', "it's"],
  'public.mood[]': ['{sad,NULL,"ha\\"ppy"}'],
  '"My Types"."Odd ""M"""': ['x'],
  '"My Types"."Odd ""M"""[]': ['{{x,x},{x,x}}'],
  'public.pair': ['(1,"a, ""b"" (c)")', '(,)', '(1,"")'],
  'public.pair[]': ['{"(1,a)",NULL,"(2,\\"b c\\")"}'],
  'public.nested': ['("(1,a)","{""(2,b)""}","2000-01-01 00:00:00+00")'],
  'public.span': ['[1.5,2)', 'empty', '(-Infinity,NaN)'],
  'public.spans': ['{[1,2),[3,)}'],
  'public.flag': ['t', 'f'],
  'public.big': ['9007199254740993'],
  'public.price': ['1.5', '0', 'NaN'],
  'public.price[]': ['{1.5,NULL,2.50}'],
  'public.discount': ['2.50'],
  'public.blob': ['\\x00ff'],
  'public.ids': ['{1,NULL,3}', '{{1},{2}}'],
  'public.moods': ['{sad}'],
  'public.couple': ['(1,a)'],
}

export const extensionTypes: Readonly<Record<string, readonly string[]>> = {
  'public.hstore': ['"a b"=>"c\\"d", e=>NULL', ''],
  'public.citext': ['Zoë', ''],
}
