/**
 * Loaded before each test file by test/run.ts. What hangs is named and ends its file instead of the whole run; a file
 * that leaves a database, a server or an open handle behind fails.
 */
import assert from 'node:assert/strict'
import { writeSync } from 'node:fs'
import { afterEach, beforeEach } from 'node:test'
import { leftOpen } from './left-open.ts'

const limitMs = Number(process.env['PGSTREAM_TEST_TIMEOUT_MS'] ?? 180_000)
const limitAfterTheLastTestMs = 20_000

// the process that starts the files loads this module too
if (process.env['NODE_TEST_CONTEXT'] !== undefined) {
  let timer: NodeJS.Timeout | undefined
  /** Tests of a file may run side by side. */
  let running = 0
  const within = (ms: number, sentence: () => string): void => {
    clearTimeout(timer)
    timer = setTimeout(() => fail(sentence()), ms).unref()
  }
  beforeEach((context) => {
    const name = 'name' in context ? context.name : 'a test'
    running++
    within(limitMs, () => `${name} took longer than ${limitMs} ms`)
  })
  afterEach(() => {
    if (--running > 0) return within(limitMs, () => `a test took longer than ${limitMs} ms`)
    within(
      limitAfterTheLastTestMs,
      () => `open after the last test: ${process.getActiveResourcesInfo().join(', ')}`,
    )
  })
  process.on('exit', () => {
    if (leftOpen.size > 0) fail(`left behind by the last test: ${[...leftOpen].join(', ')}`)
  })
}

// Without a message Node.js 20 parses the file for the words that failed, which finds nothing in what tsx made of it: one such
// search took 178 s of CPU.
const ok: typeof assert.ok = assert.ok
assert.ok = (value: unknown, message?: string | Error): asserts value => {
  if (!value) ok(value, message ?? `${String(value)} == true`)
}

function fail(sentence: string): never {
  writeSync(2, `✖ ${sentence}\n`)
  leftOpen.clear()
  process.exit(1)
}
