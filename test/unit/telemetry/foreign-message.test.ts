import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { errors } from 'undici'
import { fromKafka } from '../../../src/kafka/kafka-error.ts'
import { PgstreamError } from '../../../src/errors.ts'
import { asPgstreamError } from '../../../src/telemetry/as-pgstream-error.ts'
import { describeError } from '../../../src/telemetry/describe-error.ts'
import { foreignMessage } from '../../../src/telemetry/foreign-message.ts'

const value = 'planted-row'

const thrownBy = (run: () => unknown): Error => {
  try {
    run()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}

const having = (error: Error, fields: object): Error => Object.assign(error, fields)

class KafkaJSNonRetriableError extends Error {
  override readonly name = 'KafkaJSNonRetriableError'
}

describe('a message that may hold a value of a row is not repeated:', () => {
  const parsing = thrownBy(() => JSON.parse(value))
  const cases: [string, unknown][] = [
    ['of JSON.parse', parsing],
    ['of BigInt', thrownBy(() => BigInt(value))],
    ['of an argument', thrownBy(() => Buffer.alloc(value as unknown as number))],
    ['of a property that cannot be set', thrownBy(() => ((value as unknown as { x: number }).x = 1))],
    ['of the reading of undefined', thrownBy(() => (undefined as unknown as Record<string, string>)[value])],
    ['of an assertion', thrownBy(() => assert.equal(value, 'other'))],
    ["of a user's own Writable", new Error(`${value} was refused`)],
    [
      'of Postgres about data',
      having(new Error(`invalid input: "${value}"`), { severity: 'ERROR', code: '22P02' }),
    ],
    ['of kafkajs, around such a one', new KafkaJSNonRetriableError(parsing.message, { cause: parsing })],
    ['of what is no Error', value],
  ]
  for (const [title, error] of cases) {
    test(title, () => {
      const cause = error instanceof Error ? error : undefined
      const told = [
        foreignMessage(error),
        describeError(error),
        describeError(asPgstreamError(error)),
        describeError(new PgstreamError('PGSTREAM_SINK_FAILED', 'A sentence.', { cause })),
        describeError(fromKafka(error, 'Reading')),
      ]
      assert.doesNotMatch(JSON.stringify(told), /planted/)
    })
  }
})

describe('a message that holds none is repeated:', () => {
  const cases: Error[] = [
    having(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED', syscall: 'connect' }),
    having(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 }),
    having(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' }),
    having(new Error('relation "items" does not exist'), { severity: 'ERROR', code: '42P01' }),
    new Error('Connection terminated unexpectedly'),
    new errors.HeadersTimeoutError(),
    new KafkaJSNonRetriableError('The group coordinator is not available'),
    AbortSignal.abort().reason as Error,
  ]
  for (const error of cases) test(error.message, () => assert.equal(foreignMessage(error), error.message))
})

test('of a mistake in our own source, the piece of source is told, without what it met', () => {
  const lookUp = (rows: unknown): unknown => (rows as { find: () => unknown }).find()
  assert.equal(foreignMessage(thrownBy(() => lookUp(7))), 'TypeError: rows.find is not a function')
  assert.equal(foreignMessage(thrownBy(() => lookUp(null))), 'TypeError: Cannot read properties of null')
})

test('the kind and the code of an error are told, whatever its message is', () => {
  const error = having(new RangeError(value), { code: 'ERR_OUT_OF_RANGE' })
  assert.match(foreignMessage(error), /^RangeError ERR_OUT_OF_RANGE, whose message is not shown/)
})

test('an error that is thrown within a call of kafkajs is a bug, not a broker that is away', () => {
  const cause = thrownBy(() => JSON.parse(value))
  assert.equal(
    fromKafka(new KafkaJSNonRetriableError(cause.message, { cause }), 'Reading').code,
    'PGSTREAM_INTERNAL',
  )
})
