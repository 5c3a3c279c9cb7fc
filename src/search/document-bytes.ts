import { writeBytes, writePlain, writeText } from '../wal/json-bytes.ts'
import type { Lsn } from '../wal/lsn.ts'
import { unchangedToast } from '../wal/value.ts'
import type { Row } from '../wal/value.ts'
import { lsnField } from './index-mapping.ts'
import { writeBigint } from './member-bytes.ts'
import type { RowShape } from './row-shape.ts'
import type { Version } from './search-operation.ts'

/** What may be longer is made as a string. */
const mostBytes = 48 * 1024
const slabBytes = 128 * 1024
/** An id, escaped, two numbers and punctuation. */
const frameBytes = 4096
const mostOfPlain = 400

let slab: Buffer = Buffer.alloc(0)
let used = 0

const lsnName = Buffer.from(`,"${lsnField}":`)
const versionName = Buffer.from(',"version":')
const versionTypes = {
  external: Buffer.from(',"version_type":"external"}}\n'),
  external_gte: Buffer.from(',"version_type":"external_gte"}}\n'),
} as const

/**
 * The lines of an ordinary document for the bulk API, written as bytes piece after piece: a string that then becomes bytes
 * costs twice as much (test/bench/README.md). Short ones share slabs of memory. Null for what is long or large.
 */
export function writeLines(
  { bytes: { action, head, members } }: RowShape,
  document: { readonly id: string; readonly version: Version; readonly lsn: Lsn; readonly values: Row },
): Buffer | null {
  const { id, version, lsn, values } = document
  let most = frameBytes + action.length + head.length
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (typeof value === 'object' && value !== null) return null
    most += members[i]!.most(typeof value === 'string' ? value.length : 0)
  }
  if (most > mostBytes || id.length > mostOfPlain) return null
  if (used + most > slab.length) {
    slab = Buffer.allocUnsafeSlow(slabBytes)
    used = 0
  }
  const start = used
  let at = writeText(slab, writeBytes(slab, start, action), id)
  at = writeBigint(slab, writeBytes(slab, at, versionName), version.value)
  at = writeBytes(slab, at, versionTypes[version.type])
  at = writeBigint(slab, writeBytes(slab, writeBytes(slab, at, head), lsnName), lsn)
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (value !== unchangedToast) at = members[i]!.write(slab, at, value)
  }
  used = writePlain(slab, at, '}\n')
  return slab.subarray(start, used)
}
