import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { HttpConnections } from '../../src/webhook/http-connections.ts'
import type { HttpAnswer } from '../../src/webhook/http-answer.ts'
import { TargetGuard, TargetRefused } from '../../src/webhook/target-guard.ts'
import type { Resolve } from '../../src/webhook/name-lookups.ts'
import { postgresServers } from '../support/postgres.ts'
import { Receiver } from '../support/receiver.ts'
import { preparedDatabase } from '../support/source.ts'
import { openStream } from '../support/stream.ts'
import { deadLetters, notifierOf, subscribe } from '../support/webhooks.ts'

const [server] = postgresServers()

/** Every way to write this machine or one beside it, with the port of something that would answer. */
const inside = (port: string): string[] =>
  [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.1',
    '0x7f000001',
    '017700000001',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    'localhost',
    '169.254.169.254',
    '10.0.0.1',
    '[fd00:ec2::254]',
    '[fe80::1]',
  ].map((host) => `http://${host}:${port}/hook`)

describe('where nothing is sent to', { concurrency: 1 }, () => {
  test('this machine, private networks and clouds, however they are written, unless they are allowed', async () => {
    await using database = await preparedDatabase(server!)
    await using receiver = await Receiver.start()
    const urls = [
      ...inside(new URL(receiver.url).port),
      `http://me:secret@127.0.0.1:${new URL(receiver.url).port}/`,
      'file:///etc/passwd',
    ]
    for (const url of urls) await subscribe(database, url, { table: 't' })
    await database.query('create table t (id int primary key)')
    {
      await using stream = openStream(database, { processor: notifierOf(database, { allowedTargets: [] }) })
      await stream.changesOf('insert into t values (1)')
      await stream.stop()
    }
    assert.equal(receiver.arrived.length, 0)
    const letters = await deadLetters(database)
    assert.deepEqual(new Set(letters.map(({ url }) => url)), new Set(urls))
    for (const { reason, attempts, url } of letters) {
      assert.match(reason, /not of the public internet|must not hold a user|must begin with https/, url)
      assert.doesNotMatch(reason, /secret/)
      assert.ok(attempts <= 1, url)
    }
    const allowedTargets = ['127.0.0.0/8', '::ffff:127.0.0.1', 'localhost']
    await using stream = openStream(database, { processor: notifierOf(database, { allowedTargets }) })
    await stream.changesOf('insert into t values (2)')
    await stream.stop()
    assert.ok(receiver.taken.length >= 7, `${receiver.taken.length} are reached when they are allowed`)
  })

  test('a name that resolves to one of them, also when it did not a moment ago: what is dialled is what was checked', async () => {
    await using receiver = await Receiver.start()
    const { port } = new URL(receiver.url)
    const outside = { address: '203.0.114.9', family: 4 }
    const within = { address: '127.0.0.1', family: 4 }
    const answers = new Map([
      ['rebinding.example', [[outside], [within]]],
      ['half.example', [[outside, within]]],
      ['mapped.example', [[{ address: '::ffff:127.0.0.1', family: 6 }]]],
    ])
    const resolve: Resolve = (name, _options, callback) => {
      const turns = answers.get(name)!
      callback(null, [...(turns.length > 1 ? turns.shift()! : turns[0]!)])
    }
    const guard = new TargetGuard([], resolve)
    assert.equal(await guard.refusalOf('rebinding.example'), null)
    for (const name of answers.keys()) {
      await assert.rejects(post(guard, `http://${name}:${port}`), TargetRefused, name)
      const { message, told } = (await guard.refusalOf(name))!
      assert.match(message, /127\.0\.0\.1 is not of the public internet/)
      assert.match(told, /^the name leads to an address that is not of the public internet/)
      assert.doesNotMatch(told, /127|ffff/, 'whoever subscribes does not learn what names of ours resolve to')
    }
    assert.equal(receiver.arrived.length, 0)
    const allowing = new TargetGuard(['*.example'], resolve)
    const { status } = await post(allowing, `http://rebinding.example:${port}`)
    assert.equal(status, 200)
  })
})

async function post(guard: TargetGuard, origin: string): Promise<HttpAnswer> {
  const connection = new HttpConnections({ guard, timeoutMs: 5_000 }).to(origin)
  try {
    return await new Promise((resolve, reject) => {
      connection.post('/', ['webhook-id', '1'], Buffer.from('{"Data":{}}'), (answer, error) =>
        answer ? resolve(answer) : reject(error),
      )
    })
  } finally {
    await connection.close()
  }
}
