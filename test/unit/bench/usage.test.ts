import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const bench = fileURLToPath(new URL('../../bench/run.ts', import.meta.url))

function run(args: readonly string[]): Promise<{ code: unknown; stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx', bench, ...args], (error, _stdout, stderr) =>
      resolve({ code: error?.code, stderr }),
    )
  })
}

const wrong: Readonly<Record<string, readonly string[]>> = {
  '--runs is "0", and has to be a number of at least 1.': ['--runs', '0'],
  '--rows is "many", and has to be a number of at least 1.': ['--rows', 'many'],
  "Option '--rows <value>' argument missing": ['--rows'],
  "Unknown option '--bogus'": ['--bogus'],
  'latency is measured of webhooks, kafka, search, not of stdout.': ['latency', 'stdout'],
  'idle takes no word bogus.': ['idle', 'bogus'],
  'backfill takes no --runs.': ['backfill', '--runs', '5'],
  '--baseline keeps what a whole run says': ['stdout', '--baseline', '--rows', '1000'],
  'No scenario has all of these words in its name: null sinks.': ['null sinks'],
}

for (const [sentence, args] of Object.entries(wrong)) {
  test(`bench ${args.join(' ')} is refused in a sentence, before anything is started`, async () => {
    const { code, stderr } = await run(args)
    assert.equal(code, 2)
    assert.ok(stderr.startsWith(sentence), stderr)
    assert.match(stderr, /--help says what there is/)
  })
}
