import { joinMembers, membersOf } from './json-members.ts'
import { indexLines, sourceOf } from './search-operation.ts'
import type { DocumentOperation } from './search-operation.ts'

const objectMember = /-object":\{/

/** The document without whole objects, which a store may refuse for what is in them; itself when it has none. */
export function withoutObjects(operation: DocumentOperation): DocumentOperation {
  if (operation.kind !== 'index' || !objectMember.test(operation.bytes.toString('utf8'))) return operation
  const source = membersOf(sourceOf(operation))
  const before = source.size
  for (const name of [...source.keys()]) if (name.endsWith('-object')) source.delete(name)
  if (source.size === before) return operation
  return withSource(operation, source)
}

export function withSource(
  operation: DocumentOperation,
  source: ReadonlyMap<string, string>,
): DocumentOperation {
  const { index, id, version } = operation
  return { ...operation, hole: null, bytes: indexLines(index, id, version!, joinMembers(source)) }
}
