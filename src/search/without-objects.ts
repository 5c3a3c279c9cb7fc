import { joinMembers, membersOf } from './json-members.ts'
import { indexLines, sourceOf, withLines } from './search-operation.ts'
import type { DocumentOperation } from './search-operation.ts'

export interface Simpler {
  readonly operation: DocumentOperation
  /** The members that it lacks now. */
  readonly leftOut: readonly string[]
}

const objectMember = /-object":\{/

/**
 * The document without the whole objects that a store refuses for what is in them: those that its reason names, or all of
 * them where it names no field. Null when the document has none, or the reason is another field.
 */
export function withoutObjects(operation: DocumentOperation, reason: string): Simpler | null {
  const json = operation.kind === 'index' ? sourceOf(operation) : null
  if (json === null || !objectMember.test(json)) return null
  const source = membersOf(json)
  const objects = [...source.keys()].filter((name) => name.endsWith('-object'))
  const named = objects.filter((name) => reason.includes(name))
  const leftOut = named.length > 0 || /failed to parse field \[/.test(reason) ? named : objects
  if (leftOut.length === 0) return null
  for (const name of leftOut) source.delete(name)
  const { index, id, version, hole } = operation
  const lines = indexLines(index, id, version!, joinMembers(source))
  return { operation: withLines(operation, lines, hole), leftOut }
}
