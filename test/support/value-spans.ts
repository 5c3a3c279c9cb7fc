import type { OutputPlugin } from '../../src/wal/plugin-message.ts'

/** Where a value's own bytes stand in a message: without quotes, lengths and the like. Empty for nulls. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Of the values of an insert, in their order. */
export const valueSpans = (plugin: OutputPlugin, insert: Buffer): Span[] =>
  plugin === 'pgoutput' ? pgoutputSpans(insert) : wal2jsonSpans(insert)

const headBytes = 'I'.length + 4 + 'N'.length

function pgoutputSpans(insert: Buffer): Span[] {
  const spans: Span[] = []
  let at = headBytes + 2
  for (let left = insert.readUInt16BE(headBytes); left > 0; left--) {
    const isText = insert[at++] === 't'.charCodeAt(0)
    const length = isText ? insert.readInt32BE(at) : 0
    if (isText) at += 4
    spans.push({ start: at, end: at + length })
    at += length
  }
  return spans
}

/** Latin-1, so that places in the text are places in the bytes. */
function wal2jsonSpans(insert: Buffer): Span[] {
  const columns = insert.toString('latin1').matchAll(/,"value":(?:"((?:[^"\\]|\\.)*)"|([^"},]*))\}/g)
  return Array.from(columns, ({ index, 1: text, 2: bare = '' }) => {
    const start = index + ',"value":'.length + (text === undefined ? 0 : 1)
    return { start, end: start + (text ?? (bare === 'null' ? '' : bare)).length }
  })
}
