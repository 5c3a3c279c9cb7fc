import { PgstreamError } from '../errors.ts'
import type { Column, Relation, ReplicaIdentity } from '../wal/relation.ts'
import type { MessageReader } from './message-reader.ts'
import { TypeNames } from './type-names.ts'
import { valueKindOf } from './value-decoder.ts'
import type { ValueKind } from './value-decoder.ts'

const replicaIdentities = new Map<string, ReplicaIdentity>([
  ['d', 'default'],
  ['i', 'index'],
  ['f', 'full'],
  ['n', 'nothing'],
])

export interface KnownRelation {
  readonly relation: Relation
  readonly kinds: readonly ValueKind[]
}

/** The tables and types that the stream has described; it does so before their first change, and again when they differ. */
export class KnownRelations {
  readonly #typeNames = new TypeNames()
  readonly #relations = new Map<number, KnownRelation>()

  /** @throws {PgstreamError} PGSTREAM_PROTOCOL for a table that was not described. */
  get(oid: number): KnownRelation {
    const known = this.#relations.get(oid)
    if (known) return known
    throw new PgstreamError('PGSTREAM_PROTOCOL', `a change of relation ${oid} arrived before its description`)
  }

  /** Reads a Type message, behind its first byte. */
  describeType(reader: MessageReader): void {
    const oid = reader.uint32()
    const schema = reader.text() || 'pg_catalog'
    const name = reader.text()
    reader.end()
    this.#typeNames.describe(oid, schema, name)
  }

  /** Reads a Relation message, behind its first byte. */
  describe(reader: MessageReader): void {
    const oid = reader.uint32()
    const schema = reader.text() || 'pg_catalog'
    const table = reader.text()
    const letter = String.fromCharCode(reader.uint8())
    const replicaIdentity = replicaIdentities.get(letter)
    if (!replicaIdentity) {
      throw new PgstreamError('PGSTREAM_PROTOCOL', `a table has the unknown replica identity ${letter}`)
    }
    const columns: Column[] = []
    for (let left = reader.uint16(); left > 0; left--) {
      const key = (reader.uint8() & 1) === 1
      const name = reader.text()
      const typeOid = reader.uint32()
      columns.push({ name, type: this.#typeNames.nameOf(typeOid, reader.int32()), typeOid, key })
    }
    reader.end()
    this.#relations.set(oid, {
      relation: { oid, schema, table, replicaIdentity, columns },
      kinds: columns.map((column) => valueKindOf(column.typeOid)),
    })
  }
}
