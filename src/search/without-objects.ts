import { joinMembers, membersOf } from './json-members.ts'
import { indexLines, sourceOf, withLines } from './search-operation.ts'
import type { DocumentOperation } from './search-operation.ts'

const objectMember = /-object":\{/

/** The document without whole objects, which a store may refuse for what is in them; itself when it has none. */
export function withoutObjects(operation: DocumentOperation): DocumentOperation {
  const json = operation.kind === 'index' ? sourceOf(operation) : null
  if (json === null || !objectMember.test(json)) return operation
  const source = membersOf(json)
  const before = source.size
  for (const name of [...source.keys()]) if (name.endsWith('-object')) source.delete(name)
  if (source.size === before) return operation
  const { index, id, version, hole } = operation
  return withLines(operation, indexLines(index, id, version!, joinMembers(source)), hole)
}
