import { markdownTable } from '../../src/config/config-tables.ts'
import { typeRows } from '../support/type-rows.ts'
import type { Arrival, TypeRow } from '../support/type-rows.ts'

const inLibrary: Readonly<Record<Arrival, string>> = {
  boolean: 'boolean',
  number: 'number',
  bigint: 'bigint',
  numeric: 'string with every digit',
  bytes: 'Buffer',
  text: 'string: what Postgres prints',
}

/** Each held by a test with both plugins: types-values, rows-*, plugins-agree. */
const differences: readonly (readonly [what: string, pgoutput: string, wal2json: string])[] = [
  ['NaN and infinities of real, double precision and numeric', 'arrive', 'arrive as null'],
  ['Stored generated columns', 'from Postgres 18 on', 'always'],
  ['Content of logical messages', 'every byte', 'up to the first zero byte'],
  ['Encoding of the database', 'any; in SQL_ASCII, texts that are UTF-8', 'UTF8'],
  [
    'Rows that CREATE TABLE AS writes, or an event trigger of yours that fires before ours into a new table',
    'like all others',
    'without the oid of the table',
  ],
  [
    'Schemas that swap their names beside an open transaction that writes to tables of the same name in both',
    'right behind the translator; without it, rows carry whatever name Postgres had in mind',
    'its rows before the swap may go to the other table: lines name tables only, by whatever name Postgres had in mind',
  ],
  ['Oids of types that users made', 'always', 'of those that were there at the start'],
  [
    'Tables made while the event triggers were switched off',
    'like all others',
    'as their rows show them: no oid, keys in updates and deletes only, unchanged large values missing instead of named',
  ],
  [
    'Rows of a table while an open transaction has the index of its key locked (TRUNCATE, REINDEX, some ALTER TABLE)',
    'arrive',
    'wait for the end of that transaction, and all that follows with them',
  ],
  [
    'CREATE MATERIALIZED VIEW … AS and REFRESH MATERIALIZED VIEW CONCURRENTLY',
    'nothing',
    'take ordinals of their transaction; of a view made since the start, inserts as into a table',
  ],
]

/** What arrives for each type, in Markdown: a part of README.md. */
export function typeTables(): string {
  return [
    markdownTable(
      ['Postgres type', 'In the library', 'In JSON', 'With wal2json'],
      typeRows.map((row) => [
        row.about,
        inLibrary[row.arrival],
        examples(row, 'json'),
        examples(row, 'wal2json'),
      ]),
    ),
    'A text of more than 64 KiB in a row of more than 16 MiB, both as Postgres sends them, is a `LargeText` in the library: its `bytes` are UTF-8 in the memory of the row, `String(text)` makes a string of it (of half a gigabyte at most). `encodeWireJsonBytes` takes it as it is.',
    'Both plugins give the same events and the same JSON, but for these:',
    markdownTable(['', 'pgoutput', 'wal2json'], differences),
  ].join('\n\n')
}

function examples(row: TypeRow, plugin: 'json' | 'wal2json'): string {
  const shown = row.examples.flatMap(({ json, wal2json }) => {
    if (plugin === 'json') return code(json)
    return wal2json === undefined ? [] : `${code(wal2json)} for ${code(json)}`
  })
  return shown.length === 0 ? 'the same' : [...new Set(shown)].join(', ')
}

const code = (text: string): string => `\`${text}\``
