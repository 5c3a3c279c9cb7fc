import { Transform } from 'node:stream'
import type { RowEvent, WalEvent } from '../wal/event.ts'
import type { Relation } from '../wal/relation.ts'
import { tableChoice } from './table-choice.ts'
import type { TableLists } from './table-choice.ts'
import { WantedEntries } from './wanted-entries.ts'

export interface TableFilterOptions extends TableLists {
  /**
   * Asked for each row, and TRUNCATE, of a wanted table: false lets it out. A row that was wanted and is no more stays at
   * the destination unless its update passes.
   */
  readonly predicate?: ((event: RowEvent) => boolean) | undefined
}

/**
 * A stage that lets pass what is about wanted tables: rows, TRUNCATE, and of schema changes the part that is about them.
 * Positions and messages always pass; an event that is let out leaves its position behind.
 *
 * Patterns are written `schema.table`, or `table` for one of schema `public`; `*` stands for any part of a name. A table or
 * a schema that is renamed so that it is wanted no more is told as dropped.
 *
 * Holds no more than a few events, whatever their size.
 *
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID for a pattern that cannot be read, and for an empty `include`.
 */
export function tableFilter(options: TableFilterOptions): Transform {
  const choice = tableChoice(options)
  const { predicate } = options
  const entries = new WantedEntries(choice)
  const decided = new WeakMap<Relation, boolean>()

  const decide = (relation: Relation): boolean => {
    const isWanted = choice.wants(relation.schema, relation.table)
    decided.set(relation, isWanted)
    if (isWanted) entries.know(relation)
    return isWanted
  }
  const wanted = (event: WalEvent): WalEvent | null => {
    switch (event.kind) {
      case 'commit':
      case 'keepalive':
      case 'message':
        return event
      case 'schema-change':
        return entries.of(event)
      case 'insert':
      case 'update':
      case 'delete':
      case 'truncate': {
        const isWanted = decided.get(event.relation) ?? decide(event.relation)
        return isWanted && (predicate?.(event) ?? true) ? event : null
      }
    }
  }
  const filter = new Transform({
    objectMode: true,
    highWaterMark: 1,
    transform: (event: WalEvent, _encoding, callback) => {
      let passing: WalEvent | null
      try {
        passing = wanted(event) ?? positionOf(event)
      } catch (error) {
        callback(error as Error)
        return
      }
      if (passing) callback(null, passing)
      else callback()
    },
  })
  return Object.assign(filter, { takesPrinted: predicate === undefined })
}

const positionOf = ({ position }: WalEvent): WalEvent | null => position && { kind: 'keepalive', position }
