import { builtinTypeName } from './builtin-types.ts'

const plainIdentifier = /^[a-z_][a-z0-9_]*$/
const quoted = (name: string): string =>
  plainIdentifier.test(name) ? name : `"${name.replaceAll('"', '""')}"`

/**
 * Names of types by oid. Built-in ones are known; the stream describes all others in a Type message before the first
 * Relation message that uses them.
 */
export class TypeNames {
  readonly #described = new Map<number, string>()

  describe(oid: number, schema: string, name: string): void {
    const isArray = name.startsWith('_')
    this.#described.set(
      oid,
      `${quoted(schema)}.${quoted(isArray ? name.slice(1) : name)}${isArray ? '[]' : ''}`,
    )
  }

  nameOf(oid: number, modifier: number): string {
    return builtinTypeName(oid, modifier) ?? this.#described.get(oid) ?? `unknown type ${oid}`
  }
}
