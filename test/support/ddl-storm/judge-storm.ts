import { isDeepStrictEqual } from 'node:util'
import type { InsertEvent } from '../../../src/wal/event.ts'
import { WireJsonReader } from '../../../src/wal/read-wire-json.ts'
import type { ChangesFile } from '../kill-loop/changes-file.ts'
import { translationOf } from '../translations.ts'
import type { Expected } from './start-storm.ts'

export interface StormVerdict {
  readonly problems: readonly string[]
  /** Rows that were written, some of them more than once. */
  readonly rows: number
}

const marked = /^row \d+$/

function markerOf({ values }: InsertEvent): string | null {
  const marker = values.find((value) => typeof value === 'string' && marked.test(value))
  return typeof marker === 'string' ? marker : null
}

/** Compares every written row with what the catalogs said when it was made; none may be missing, however often it came. */
export async function judgeStorm(file: ChangesFile, expected: Expected): Promise<StormVerdict> {
  const reader = new WireJsonReader()
  const missing = new Set(expected.keys())
  const problems: string[] = []
  let rows = 0
  for await (const line of file.lines()) {
    if (line === null) continue
    const event = reader.read(line, null)
    const marker = event.kind === 'insert' ? markerOf(event) : null
    if (event.kind !== 'insert' || marker === null) continue
    rows++
    missing.delete(marker)
    const [told, known] = [translationOf(event), expected.get(marker)]
    if (!known) problems.push(`${marker} was never committed`)
    else if (!isDeepStrictEqual(told, known))
      problems.push(`${marker} has ${JSON.stringify(told)} and not ${JSON.stringify(known)}`)
  }
  if (missing.size > 0) problems.push(`${missing.size} rows are missing`)
  return { problems, rows }
}
