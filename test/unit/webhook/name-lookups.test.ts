import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NameLookups } from '../../../src/webhook/name-lookups.ts'
import type { Resolved } from '../../../src/webhook/name-lookups.ts'

const found = [{ address: '203.0.114.9', family: 4 }]

/** A system in which what is looked up stays so until it is answered here. */
function heldSystem(isAnswered: (name: string) => boolean) {
  const underWay = new Map<string, Resolved>()
  const begun: string[] = []
  const lookups = new NameLookups(
    (name, _options, callback) => {
      begun.push(name)
      underWay.set(name, callback)
    },
    async (name) => Promise.resolve(isAnswered(name)),
  )
  const answer = (name: string): void => {
    const callback = underWay.get(name)!
    underWay.delete(name)
    callback(null, found)
  }
  const ask = async (name: string): Promise<string> =>
    new Promise((resolve, reject) =>
      lookups.resolve(name, { all: true }, (error, [first]) =>
        error ? reject(error) : resolve(first!.address),
      ),
    )
  return { ask, answer, begun, underWay }
}

const turns = async (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 300))

test('names whose servers are silent leave room for those that are answered', async () => {
  const { ask, answer, begun, underWay } = heldSystem((name) => name.startsWith('fine'))
  for (let i = 0; i < 50; i++) void ask(`silent${i}.example`)
  const fine = [1, 2, 3].map(async (i) => ask(`fine${i}.example`))
  for (const i of [1, 2, 3]) {
    while (!underWay.has(`fine${i}.example`)) await turns()
    assert.equal(underWay.size, 2)
    answer(`fine${i}.example`)
  }
  assert.deepEqual(await Promise.all(fine), Array(3).fill('203.0.114.9'))
  assert.deepEqual(begun, ['silent0.example', 'fine1.example', 'fine2.example', 'fine3.example'])
  answer('silent0.example')
  assert.deepEqual([...underWay.keys()], ['silent1.example'], 'they have their turn, one after the other')
})

test('whoever asks for a name that is being looked up gets the same answer', async () => {
  const { ask, answer, begun } = heldSystem(() => true)
  const both = [ask('a.example'), ask('a.example')]
  answer('a.example')
  assert.deepEqual(await Promise.all(both), ['203.0.114.9', '203.0.114.9'])
  const again = ask('a.example')
  answer('a.example')
  assert.equal(await again, '203.0.114.9')
  assert.deepEqual(begun, ['a.example', 'a.example'])
})

test('the real ones: this machine is found, a name that does not exist is not', async () => {
  const lookups = new NameLookups()
  const ask = async (name: string): Promise<string> =>
    new Promise((resolve) =>
      lookups.resolve(name, { all: true }, (error, addresses) =>
        resolve(error?.code ?? addresses[0]!.address),
      ),
    )
  const [here, nowhere] = await Promise.all([ask('localhost'), ask('does-not-exist.invalid')])
  assert.match(here, /^(127\.0\.0\.1|::1)$/)
  assert.match(nowhere, /^(ENOTFOUND|EAI_AGAIN)$/)
})
