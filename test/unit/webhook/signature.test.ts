import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { Webhook } from 'standardwebhooks'
import { isSigned, makeSecret, sign, signingKey } from '../../../src/webhook/signature.ts'
import { SigningKey } from '../../../src/webhook/signing-key.ts'

const body = Buffer.from('{"Data":{"columns":[{"value":"Zoë"}]}}')
const seconds = (): number => Math.floor(Date.now() / 1000)
const headers = (secret: string, id: string, at = seconds()): Record<string, string> => ({
  'webhook-id': id,
  'webhook-timestamp': String(at),
  'webhook-signature': sign([signingKey(secret)!], id, at, body),
})

test('what we sign, the package standardwebhooks verifies; what it signs, we do', () => {
  for (let n = 0; n < 100; n++) {
    const secret = makeSecret()
    const other = new Webhook(secret)
    assert.deepEqual(other.verify(body.toString(), headers(secret, `0/${n}-1`)), JSON.parse(body.toString()))
    const at = seconds()
    const theirs = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(at),
      'webhook-signature': other.sign('msg_1', new Date(at * 1000), body.toString()),
    }
    assert.ok(isSigned(signingKey(secret)!, theirs, body))
  }
})

test('a signature is refused for another secret, id, time or body, or when it is old', () => {
  const secret = makeSecret()
  const key = signingKey(secret)!
  const good = headers(secret, '0/1-1')
  assert.ok(isSigned(key, good, body))
  assert.ok(!isSigned(signingKey(makeSecret())!, good, body))
  assert.ok(!isSigned(key, { ...good, 'webhook-id': '0/1-2' }, body))
  assert.ok(!isSigned(key, { ...good, 'webhook-timestamp': String(seconds() + 1) }, body))
  assert.ok(!isSigned(key, good, Buffer.from(body.toString().replace('Zoë', 'Zoe'))))
  for (const without of Object.keys(good)) assert.ok(!isSigned(key, { ...good, [without]: undefined }, body))
  assert.ok(!isSigned(key, { ...good, 'webhook-signature': 'v1,' }, body))
  for (const away of [-301, 301]) assert.ok(!isSigned(key, headers(secret, '0/1-1', seconds() + away), body))
})

test('keys and bodies of any length make what createHmac makes, and a key shows nothing of itself', () => {
  for (const keyBytes of [24, 25, 63, 64]) {
    const bytes = randomBytes(keyBytes)
    const key = new SigningKey(bytes)
    for (const bodyBytes of [0, 1, 55, 56, 64, 1_300, 65_000, 65_536, 1_000_000]) {
      const long = randomBytes(bodyBytes)
      for (const text of ['0/1-1.1795500000.', 'Zoë.1.', 'é'.repeat(30_000)]) {
        const expected = createHmac('sha256', bytes).update(text).update(long).digest('base64')
        assert.equal(key.mac(text, long), expected, `${keyBytes}, ${bodyBytes}`)
      }
    }
    assert.doesNotMatch(inspect(key, { showHidden: true, depth: 9 }) + JSON.stringify(key), /[0-9]/)
  }
})

test('two secrets sign side by side, and each of them verifies', () => {
  const [one, two] = [makeSecret(), makeSecret()]
  const at = seconds()
  const both = {
    ...headers(one, 'a', at),
    'webhook-signature': sign([signingKey(one)!, signingKey(two)!], 'a', at, body),
  }
  for (const secret of [one, two]) {
    assert.ok(isSigned(signingKey(secret)!, both, body))
    new Webhook(secret).verify(body.toString(), both)
  }
})

test('a secret is whsec_ and the base64 of 24 to 64 bytes', () => {
  const written = (bytes: number): string => `whsec_${randomBytes(bytes).toString('base64')}`
  for (const bytes of [24, 25, 32, 64]) assert.ok(signingKey(written(bytes)))
  for (const wrong of [
    written(23),
    written(65),
    '',
    'whsec_',
    makeSecret().slice(6),
    'whsec_%%%%',
    'secret',
    `${makeSecret()} `,
  ])
    assert.equal(signingKey(wrong), null, wrong)
})
