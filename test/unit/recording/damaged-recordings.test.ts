import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { PassThrough } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { test } from 'node:test'
import { PgstreamError } from '../../../src/errors.ts'
import { recordedListener } from '../../../src/recorded-listener.ts'
import { translator } from '../../../src/translator/translator.ts'
import { plugins, recordingFile } from '../../fixtures/recordings.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const damages = 400

/** The same numbers in every run: a linear congruential generator (Numerical Recipes). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

/** Cut anywhere, or with one byte changed, left out, or inserted: every other time in what was known before the first message. */
function damage(bytes: Buffer, next: (below: number) => number): Buffer {
  const known = bytes.lastIndexOf('{"known":')
  const at = next(next(2) === 0 ? bytes.length : known)
  switch (next(4)) {
    case 0:
      return bytes.subarray(0, at)
    case 1:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([next(256)]), bytes.subarray(at + 1)])
    case 2:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
    default:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([next(256)]), bytes.subarray(at)])
  }
}

for (const plugin of plugins) {
  test(`a damaged recording of ${plugin} is read to its end, or fails with one clear error`, async () => {
    await using folder = await temporaryFolder()
    const whole = await readFile(recordingFile('shop', plugin))
    const next = numbersFrom(1)
    let failed = 0
    for (let n = 1; n <= damages; n++) {
      const file = await folder.write('damaged.rec', damage(whole, next))
      try {
        await pipeline(recordedListener(file), translator(), new PassThrough({ objectMode: true }).resume())
      } catch (error) {
        failed += 1
        assert.ok(error instanceof PgstreamError, `damage ${n}: ${String(error)}`)
        assert.equal(error.code, 'PGSTREAM_RECORDING_INVALID', `damage ${n}`)
        assert.match(error.message, /^Line \d+ of .*damaged\.rec|damaged\.rec is empty\.$/, `damage ${n}`)
        assert.doesNotMatch(error.message, /undefined|\[object|is not a function/, `damage ${n}`)
      }
    }
    assert.ok(failed > damages / 3, `${failed} of ${damages} were noticed`)
  })
}
