import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c } from '../../../src/kafka/crc32c.ts'

test('the sums of RFC 3720, appendix B.4', () => {
  const bytes = (of: (i: number) => number): Buffer =>
    Buffer.from(Array.from({ length: 32 }, (_, i) => of(i)))
  assert.equal(crc32c(bytes(() => 0)), 0x8a9136aa)
  assert.equal(crc32c(bytes(() => 0xff)), 0x62a8ab43)
  assert.equal(crc32c(bytes((i) => i)), 0x46dd794e)
  assert.equal(crc32c(bytes((i) => 31 - i)), 0x113fdb5c)
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
})

test('any length from any place, also in a part of a larger buffer', () => {
  const oneByOne = (bytes: Buffer): number => {
    let sum = -1
    for (const byte of bytes) {
      sum ^= byte
      for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1
    }
    return ~sum >>> 0
  }
  const large = Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 7919) & 0xff))
  for (let start = 0; start < 20; start++) {
    for (let end = start; end < start + 60; end++) {
      const part = large.subarray(3, end + 3)
      assert.equal(crc32c(part, start), oneByOne(part.subarray(start)))
    }
  }
})
