import type { Operation } from '../pipeline/processor.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import type { IndexedTable } from './indexed-table.ts'
import type { Mapping } from './index-mapping.ts'

/** Where an entry of the schema log stands in the stream: in the order of these, the first first. */
export interface Place {
  readonly commitLsn: Lsn
  readonly lsn: Lsn
}

/** A piece of what is done to the store between documents, in this order: what came before is delivered first. */
export type Step =
  /** Fields and names that the index of the schema is to have; it is made if it is not there. */
  | {
      readonly do: 'map'
      readonly schema: string
      readonly fields: Readonly<Record<string, Mapping>>
      /** `table.column` and the field it leads to. */
      readonly names: ReadonlyMap<string, string>
    }
  /** Documents of a table that are not younger than the change. */
  | {
      readonly do: 'delete-rows'
      readonly schema: string
      readonly tableId: string
      readonly until: Lsn
      readonly because: 'truncate' | 'drop'
    }
  | {
      readonly do: 'move-rows'
      readonly tableId: string
      readonly from: string
      readonly to: string
    }
  | {
      readonly do: 'identify-rows'
      readonly table: IndexedTable
      readonly before: IndexedTable
    }
  /** With the documents of its tables. */
  | {
      readonly do: 'rename-schema'
      readonly from: string
      readonly to: string
      readonly tableIds: readonly string[]
      /** Other tables are there, which came to that name later: this comes again. */
      readonly isShared: boolean
    }
  /** With these tables, which are all that it had. */
  | {
      readonly do: 'drop-schema'
      readonly schema: string
      readonly tableIds: readonly string[]
      readonly until: Lsn
      /** As of one that is renamed. */
      readonly isShared: boolean
    }
  /** What is known of a table at the next start. */
  | { readonly do: 'save-table'; readonly table: IndexedTable; readonly toldAt: Place | undefined }
  | { readonly do: 'forget-table'; readonly table: IndexedTable }
  | { readonly do: 'save-entry'; readonly entry: SchemaLogEntry }

export type MapStep = Extract<Step, { do: 'map' }>
export type SaveStep = Extract<Step, { do: 'save-table' | 'forget-table' | 'save-entry' }>
/** Changes documents that are there, or where they are. */
export type DocumentsStep = Exclude<Step, MapStep | SaveStep>

export interface StoreChange extends Operation {
  readonly kind: 'change'
  readonly lsn: Lsn
  readonly steps: readonly Step[]
}

/** The bytes stand for what the change takes of the memory. */
export const storeChange = (lsn: Lsn, steps: readonly Step[], entry?: SchemaLogEntry): StoreChange => ({
  kind: 'change',
  lsn,
  steps,
  bytes: Buffer.from(entry ? JSON.stringify(entry.schema) : '-'),
})
