import { elementsOf, membersOf } from '../../../src/search/json-members.ts'
import { aliasOfSchema } from '../../../src/search/names.ts'
import { defaultIdentity } from '../../../src/translator/identity.ts'
import type { PostgresServer } from '../postgres.ts'
import { searchSpace } from '../search.ts'
import type { SearchSpace } from '../search.ts'
import { openSession } from '../session.ts'
import { preparedDatabase } from '../source.ts'
import { openStream } from '../stream.ts'
import { abilities, clear, createExtensions } from '../workload/bench.ts'
import { generate } from '../workload/generate.ts'
import { Rebuilt } from '../workload/oracle/rebuilt.ts'
import { lastVersion, readSource } from '../workload/oracle/source-state.ts'
import type { SourceTable } from '../workload/oracle/source-state.ts'
import { openRunner } from '../workload/run-steps.ts'
import { identifier } from '../workload/values/quoting.ts'
import { compareDocuments } from './compare-documents.ts'
import type { DocumentMembers } from './document-text.ts'
import { KilledProcesses } from './killed-processes.ts'

export interface SearchOracle extends AsyncDisposable {
  /** What is wrong after the workload of a seed, with a SIGKILL in its midst. */
  try(seed: number): Promise<readonly string[]>
  readonly kills: number
  /** Tables that were compared, and rows of theirs. */
  readonly compared: { tables: number; rows: number; leftOut: number }
}

const slot = 'search_oracle'

/**
 * A database whose changes go to a search store by way of processes that are killed. `settings` are those of the
 * processes, given the URL of the database, the slot and the part of the store.
 */
export async function openSearchOracle(
  server: PostgresServer,
  settings: (place: {
    url: string
    slot: string
    space: SearchSpace
  }) => readonly Readonly<Record<string, string>>[],
): Promise<SearchOracle> {
  const database = await preparedDatabase(server, { before: createExtensions })
  const name = `${slot}_${database.name}`
  await database.query(`select pg_create_logical_replication_slot($1, 'pgoutput')`, [name])
  await database.query('create table sentinel (id int primary key)')
  const [sentinel] = await database.query<{ id: string }>(
    `select pgstream.table_id('sentinel'::regclass)::text as id`,
  )
  const space = searchSpace()
  const stream = openStream(database)
  const processes = new KilledProcesses(settings({ url: database.url, slot: name, space }))
  const reader = await openSession(database.url, 'an oracle')
  const runner = openRunner(database.url)
  const options = { major: server.major, ...(await abilities(reader, database.name)) }
  const generated = server.major >= 18 ? ('stored' as const) : ('none' as const)
  const compared = { tables: 0, rows: 0, leftOut: 0 }
  let marks = 0

  /** Resolves when everything that was committed before is in the store, and gives where the stream is then. */
  const mark = async (): Promise<number> => {
    const id = ++marks
    await database.query('insert into sentinel values ($1)', [id])
    const at = await stream.until((events) => {
      const found = events.findLastIndex(
        (event) => event.kind === 'insert' && event.relation.table === 'sentinel' && event.values[0] === id,
      )
      return found < 0 ? null : found
    }, `Row ${id} in the stream`)
    const path = `${space.prefix}public/_doc/${sentinel!.id}_${id}`
    await processes.until(
      async () => (await space.ask<{ found: boolean }>('GET', path)).found,
      `Row ${id} in the store`,
    )
    return at
  }

  const tryBefore = await mark()
  let from = tryBefore
  return {
    get kills() {
      return processes.kills
    },
    compared,
    try: async (seed) => {
      const since = await lastVersion(reader.client)
      const steps = generate(seed, options)
      const half = Math.floor(steps.length * ((seed % 7) / 8))
      const first = runner.run(steps.slice(0, 1)).then(() => runner.run(steps.slice(1)))
      const kill = database.query('select pg_sleep($1)', [half / 200]).then(() => processes.killOne(seed))
      await Promise.all([first, kill])
      const end = await mark()
      const source = await readSource(reader.client, since)
      const rebuilt = new Rebuilt({ generated })
      const keyless = new Set<string>()
      for (const event of stream.events.slice(from + 2, end)) {
        rebuilt.take(event)
        if (!('relation' in event) || event.kind === 'schema-change' || event.kind === 'truncate') continue
        const { schema, table } = event.relation
        const known = rebuilt.tables.find((each) => each.schema === schema && each.name === table)
        if (known && defaultIdentity(known) === null) keyless.add(known.pgstream_id)
      }
      const documents = await readDocuments(space, source.tables)
      const problems: string[] = []
      for (const table of source.tables) {
        const known = rebuilt.tables.find(({ oid }) => oid === table.oid)
        if (!known || table.partitioned || table.name === 'sentinel') continue
        if (keyless.has(known.pgstream_id)) {
          compared.leftOut++
          continue
        }
        compared.tables++
        compared.rows += table.rows.length
        const printed = await withArrays(reader.client, table)
        problems.push(
          ...compareDocuments({
            source: printed,
            known,
            told: rebuilt.rowsOf(known),
            documents: documents.get(known.pgstream_id) ?? [],
            generated,
          }),
        )
      }
      await clear(reader)
      from = await mark()
      const left = (await readDocuments(space, source.tables)).size
      if (left > 0) problems.push(`everything was dropped, and documents of ${left} tables are left`)
      return problems.length === 0 ? problems : [...problems, processes.said]
    },
    [Symbol.asyncDispose]: async () => {
      await processes[Symbol.asyncDispose]()
      await runner[Symbol.asyncDispose]()
      await reader[Symbol.asyncDispose]()
      await stream[Symbol.asyncDispose]()
      await database[Symbol.asyncDispose]()
      await space[Symbol.asyncDispose]()
    },
  }
}

/** Documents of all tables in these tables' schemas, by the id of their table. */
async function readDocuments(
  space: SearchSpace,
  tables: readonly SourceTable[],
): Promise<Map<string, DocumentMembers[]>> {
  const documents = new Map<string, DocumentMembers[]>()
  await space.ask('POST', `${space.prefix}*/_refresh`)
  for (const schema of new Set(tables.map((table) => table.schema).filter((name) => name !== 'public'))) {
    const alias = encodeURIComponent(space.prefix + aliasOfSchema(schema))
    const answer = await fetch(`${space.url}/${alias}/_search?size=10000&ignore_unavailable=true`)
    const text = await answer.text()
    if (!answer.ok) throw new Error(text)
    for (const hit of elementsOf(membersOf(membersOf(text).get('hits') ?? '').get('hits') ?? '')) {
      const source = membersOf(membersOf(hit).get('_source') ?? '')
      const table = JSON.parse(source.get('_table') ?? '""') as string
      documents.set(table, [...(documents.get(table) ?? []), source])
    }
  }
  return documents
}

/** The rows with their arrays as JSON of texts. */
async function withArrays(
  client: { query: (query: { text: string; rowMode: 'array' }) => Promise<{ rows: unknown[] }> },
  table: SourceTable,
): Promise<SourceTable> {
  const isArray = await client.query({
    text: `select a.attname, coalesce(b.typelem, t.typelem) <> 0 and coalesce(b.typlen, t.typlen) = -1
             and coalesce(b.typsubscript, t.typsubscript)::text = 'array_subscript_handler'
             from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_type b on b.oid = t.typbasetype
            where a.attrelid = ${table.oid} and a.attnum > 0 and not a.attisdropped`,
    rowMode: 'array',
  })
  const arrays = new Set((isArray.rows as [string, boolean][]).flatMap(([name, is]) => (is ? [name] : [])))
  if (arrays.size === 0) return table
  const texts = table.columns.map(({ name }) => {
    const value = identifier(name)
    return arrays.has(name)
      ? `to_json(${value}::text[])::text`
      : `case when ${value} is distinct from null then format('%s', ${value}) end`
  })
  const { rows } = await client.query({
    text: `select ${texts.join(', ')} from only ${identifier(table.schema)}.${identifier(table.name)}`,
    rowMode: 'array',
  })
  return {
    ...table,
    rows: (rows as (string | null)[][]).map((row) =>
      row.map((text, i) =>
        text !== null && arrays.has(table.columns[i]!.name) ? JSON.stringify(JSON.parse(text)) : text,
      ),
    ),
  }
}
