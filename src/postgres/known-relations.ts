import { PgstreamError } from '../errors.ts'
import type { Column, Relation, ReplicaIdentity } from '../wal/relation.ts'
import { RenamedSchemas } from '../wal/renamed-schemas.ts'
import type { SchemaLogEntry } from '../wal/schema-log.ts'
import { builtinTypeName, builtinTypeOid } from './builtin-types.ts'
import type { MessageReader } from './message-reader.ts'
import type { TypeNames } from './type-names.ts'
import { valueKindOf } from './value-decoder.ts'
import type { ValueKind } from '../wal/value-kind.ts'

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

/**
 * The tables and types that the stream has described; it does so before their first change, and again when they differ.
 * What columns of other than built-in types are called the schema log knows best: the stream calls domains by the type
 * below them and says nothing when a type is renamed.
 */
export class KnownRelations {
  readonly #typeNames: TypeNames
  readonly #relations = new Map<number, KnownRelation & { readonly modifiers: readonly number[] }>()
  /** By table, then by column: types that are not built in, as the schema log calls them. */
  readonly #logged = new Map<number, ReadonlyMap<string, string>>()
  readonly #schemas = new RenamedSchemas()

  constructor(typeNames: TypeNames) {
    this.#typeNames = typeNames
  }

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
    const schema = this.#schemas.nameNow(reader.text() || 'pg_catalog')
    const table = reader.text()
    const letter = String.fromCharCode(reader.uint8())
    const replicaIdentity = replicaIdentities.get(letter)
    if (!replicaIdentity) {
      throw new PgstreamError('PGSTREAM_PROTOCOL', `a table has the unknown replica identity ${letter}`)
    }
    const columns: Column[] = []
    const modifiers: number[] = []
    for (let left = reader.uint16(); left > 0; left--) {
      const key = (reader.uint8() & 1) === 1
      const name = reader.text()
      const typeOid = reader.uint32()
      const modifier = reader.int32()
      columns.push({ name, type: this.#typeOf(oid, name, typeOid, modifier), typeOid, key })
      modifiers.push(modifier)
    }
    reader.end()
    this.#relations.set(oid, {
      relation: { oid, schema, table, replicaIdentity, columns },
      kinds: columns.map((column) => valueKindOf(column.typeOid)),
      modifiers,
    })
  }

  /** Takes note of what an entry calls schemas and types; of an entry in parts, each has columns of its own. */
  learn(entry: SchemaLogEntry): void {
    const { schema, schemaName } = entry
    this.#schemas.learn(entry)
    if (schema.renamed_from !== undefined) this.#renameSchema(schema.renamed_from, schemaName)
    for (const { oid } of schema.dropped_tables) this.#logged.delete(Number(oid))
    for (const { oid, columns } of schema.tables) {
      const ofUsers = columns.filter(({ type }) => builtinTypeOid(type) === undefined)
      if (ofUsers.length === 0 && (schema.part ?? 1) === 1) this.#logged.delete(Number(oid))
      if (ofUsers.length === 0) continue
      const before = (schema.part ?? 1) === 1 ? [] : (this.#logged.get(Number(oid)) ?? [])
      this.#logged.set(
        Number(oid),
        new Map([...before, ...ofUsers.map(({ name, type }) => [name, type] as const)]),
      )
      this.#renameTypes(Number(oid))
    }
  }

  #renameSchema(from: string, to: string): void {
    for (const [oid, known] of this.#relations) {
      if (known.relation.schema !== from) continue
      this.#relations.set(oid, { ...known, relation: { ...known.relation, schema: to } })
    }
  }

  #renameTypes(oid: number): void {
    const known = this.#relations.get(oid)
    if (!known) return
    const { relation, modifiers } = known
    const columns = relation.columns.map((column, i) => {
      const type = this.#typeOf(oid, column.name, column.typeOid, modifiers[i]!)
      return type === column.type ? column : { ...column, type }
    })
    if (columns.every((column, i) => column === relation.columns[i])) return
    this.#relations.set(oid, { ...known, relation: { ...relation, columns } })
  }

  #typeOf(table: number, column: string, oid: number, modifier: number): string {
    return (
      builtinTypeName(oid, modifier) ??
      this.#logged.get(table)?.get(column) ??
      this.#typeNames.nameOf(oid, modifier)
    )
  }
}
