import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outcomeOfError } from '../../../src/webhook/outcome.ts'

test('what a certificate or an answer says of itself is kept in a line, in characters that every table takes', () => {
  const said = `not the certificate's CN: a\0b\n\ud800${'x'.repeat(100_000)}`
  const { reason, mayPass } = outcomeOfError(new Error(said))
  assert.match(reason, /^not the certificate's CN: a b x+$/)
  assert.equal(reason.length, 300)
  assert.equal(mayPass, true)
})
