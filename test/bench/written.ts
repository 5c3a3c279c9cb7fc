import { parseLsn } from '../../src/wal/lsn.ts'
import type { OutputPlugin } from '../../src/wal/plugin-message.ts'
import { preparedDatabase, slotNameOf } from '../support/source.ts'
import type { TemporaryDatabase } from '../support/postgres.ts'
import { workloads } from './workloads.ts'
import type { Workload, WorkloadName } from './workloads.ts'

/** A workload in the WAL, and a slot in front of it that is copied for every run. */
export interface Written extends AsyncDisposable {
  readonly url: string
  readonly database: TemporaryDatabase
  readonly plugin: OutputPlugin
  readonly rows: number
  /** Everything is durable when a position that is not less is confirmed. */
  readonly until: bigint
  /** A slot of the run's own; dropped when disposed of. */
  slot(): Promise<AsyncDisposable & { readonly name: string }>
}

export async function writeWorkload(options: {
  serverUrl: string
  plugin: OutputPlugin
  workload: WorkloadName
  rows: number
}): Promise<Written> {
  const { serverUrl, plugin, rows } = options
  const workload: Workload = workloads[options.workload]
  const database = await preparedDatabase({ url: serverUrl, plugin })
  const base = slotNameOf(database)
  let copies = 0
  const repetitions = Math.ceil((rows * (workload.share ?? 1)) / workload.changesOfOne)
  await database.query(workload.table)
  for (let i = 0; i < repetitions; i++) await workload.write(database.query, i)
  const [end] = await database.query<{ lsn: string }>('select pg_current_wal_insert_lsn() as lsn')
  return {
    url: database.url,
    database,
    plugin,
    rows: repetitions * workload.changesOfOne,
    until: parseLsn(end!.lsn),
    slot: async () => {
      const name = `bench_${process.pid}_${copies++}_${options.workload}_${plugin}`
      await database.query('select pg_copy_logical_replication_slot($1, $2)', [base, name])
      return {
        name,
        [Symbol.asyncDispose]: async () => {
          await database.query(
            `select pg_drop_replication_slot(slot_name) from pg_replication_slots where slot_name = $1`,
            [name],
          )
        },
      }
    },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  }
}
