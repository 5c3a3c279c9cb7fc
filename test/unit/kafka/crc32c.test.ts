import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c, crc32cByTables } from '../../../src/kafka/crc32c.ts'

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

test('WebAssembly and JavaScript agree on what is long, whatever its length and place', () => {
  const large = Buffer.alloc(150_000, 'the quick brown fox jumps over 13 lazy dogs')
  for (const length of [511, 512, 513, 527, 528, 32_767, 32_768, 32_769, 65_536 + 15, 100_001]) {
    for (const start of [0, 1, 21]) {
      const part = large.subarray(7, 7 + start + length)
      assert.equal(crc32c(part, start), crc32cByTables(part, start), `${length} bytes from ${start}`)
    }
  }
})
