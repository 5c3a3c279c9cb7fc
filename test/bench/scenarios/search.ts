import { benchSpace } from '../bench-services.ts'
import { fromTopic } from '../filled-topic.ts'
import { indexed, searchStore } from '../indexed.ts'
import { bulkLoads } from '../limits/bulk-loads.ts'
import type { Indexing } from '../limits/bulk-loads.ts'
import type { Measured } from '../measured.ts'
import { command, runOurs, runOursUntil } from '../our-process.ts'
import type { Scenario } from '../scenario.ts'
import { source } from '../source-settings.ts'
import type { Written } from '../written.ts'

const intoStore =
  (indexing: Indexing): Scenario['run'] =>
  async (written) => {
    await using space = await benchSpace()
    return await indexing(written, space.url, space.prefix)
  }

async function throughKafka(written: Written): Promise<Measured> {
  await using space = await benchSpace()
  const env = { ...(await fromTopic(written)), ...searchStore(space.url, space.prefix) }
  return await runOurs({ program: command, args: ['run'], env, rows: written.rows })
}

/** The rows that are there once the workload is written, by a slot that begins behind it. */
async function backfilled(written: Written, store: string, prefix: string): Promise<Measured> {
  const { database, plugin, url } = written
  const name = `bench_${process.pid}_backfill`
  await database.query('select pg_create_logical_replication_slot($1, $2)', [name, plugin])
  try {
    const [table] = await database.query<{ rows: number }>('select count(*)::int as rows from orders')
    const isOver = async (): Promise<boolean> => {
      const fills = await database.query<{ state: string }>(
        'select state from pgstream.backfills where slot = $1',
        [name],
      )
      return fills.length > 0 && fills.every(({ state }) => state === 'done')
    }
    const env = {
      ...source({ url }, name),
      ...searchStore(store, prefix),
      PGSTREAM_POSTGRES_LISTENER_BACKFILL: 'true',
    }
    return await runOursUntil({ program: command, args: ['run'], env, rows: table!.rows }, isOver)
  } finally {
    await database.query('select pg_drop_replication_slot($1)', [name])
    await database.query('delete from pgstream.backfills where slot = $1', [name])
  }
}

const common = { workload: 'mixed', plugin: 'pgoutput' } as const
/** Of an update of a row that was just inserted only the last state is sent: changes are compared with changes. */
const changes = bulkLoads('bare bulk loader', indexed)
const rows = bulkLoads('bare bulk loader, rows', backfilled)
const others = { ...common, run: intoStore(indexed), limit: changes }

export const search: readonly Scenario[] = [
  { ...common, name: 'search, pgoutput', run: intoStore(indexed), limit: changes, atLeast: 0.85 },
  { ...common, name: 'search, through Kafka', run: throughKafka, limit: changes },
  { ...common, name: 'search, backfill', run: intoStore(backfilled), limit: rows, atLeast: 0.85 },
  { ...others, name: 'search, wal2json', plugin: 'wal2json' },
  { ...others, name: 'a million rows in one transaction, search, pgoutput', workload: 'million' },
  { ...others, name: 'single-row transactions, search, pgoutput', workload: 'single' },
  { ...others, name: 'wide rows, search, pgoutput', workload: 'wide' },
  { ...others, name: 'large rows, search, pgoutput', workload: 'large' },
]
