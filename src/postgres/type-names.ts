import { builtinTypeName, builtinTypeOid } from './builtin-types.ts'

const plainIdentifier = /^[a-z_][a-z0-9_]*$/
const quoted = (name: string): string =>
  plainIdentifier.test(name) ? name : `"${name.replaceAll('"', '""')}"`

/** A type as columns have it: `name` is what `format_type(oid, modifier)` prints. */
export interface NamedType {
  readonly oid: number
  readonly modifier: number
  readonly name: string
}

/**
 * Names of types by oid. Built-in ones are known; others are those that the catalog had at the start; the rest the stream
 * describes in a Type message before the first Relation message that uses them, a domain by the type below it.
 */
export class TypeNames {
  readonly #catalog = new Map<string, string>()
  readonly #oids = new Map<string, number>()
  readonly #described = new Map<number, string>()

  /** Takes types of the catalog. */
  know(catalog: readonly NamedType[]): void {
    for (const { oid, modifier, name } of catalog) {
      this.#catalog.set(`${oid} ${modifier}`, name)
      this.#oids.set(name, oid)
    }
  }

  describe(oid: number, schema: string, name: string): void {
    const isArray = name.startsWith('_')
    this.#described.set(
      oid,
      `${quoted(schema)}.${quoted(isArray ? name.slice(1) : name)}${isArray ? '[]' : ''}`,
    )
  }

  nameOf(oid: number, modifier: number): string {
    return (
      builtinTypeName(oid, modifier) ??
      this.#catalog.get(`${oid} ${modifier}`) ??
      this.#described.get(oid) ??
      `unknown type ${oid}`
    )
  }

  /** Undefined for a type that no column had at the start. */
  oidOf(name: string): number | undefined {
    return builtinTypeOid(name) ?? this.#oids.get(name)
  }
}
