import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { PgstreamError } from '../../src/errors.ts'
import { createLogger } from '../../src/telemetry/pino-logger.ts'
import type { LoggerOptions } from '../../src/telemetry/pino-logger.ts'
import { scrub } from '../../src/telemetry/scrub.ts'

function collect(options: Partial<LoggerOptions> = {}): {
  logger: ReturnType<typeof createLogger>
  lines: () => Record<string, unknown>[]
  text: () => string
} {
  let text = ''
  const destination = { write: (line: string): void => void (text += line) }
  const logger = createLogger({ level: 'info', pretty: false, destination, ...options })
  const lines = (): Record<string, unknown>[] =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  return { logger, lines, text: () => text }
}

describe('scrub', () => {
  const cases: [string, string][] = [
    ['postgres://me:pw@host/db', 'postgres://***@host/db'],
    ['see postgres://me@host and http://a:b@c:9200/x', 'see postgres://***@host and http://***@c:9200/x'],
    ['postgres://me:p@ss/w#rd@host/db?sslmode=disable', 'postgres://***@host/db?sslmode=disable'],
    ['url "postgres://me:pw@host"', 'url "postgres://***@host"'],
    ['postgres://host/db', 'postgres://host/db'],
    ['write postgres://user:password@host/db', 'write postgres://user:password@host/db'],
    ['postgres://user:password1@host/db', 'postgres://***@host/db'],
    [
      'postgres://host/db?user=me&password=pw&sslmode=disable',
      'postgres://host/db?user=me&password=***&sslmode=disable',
    ],
    ["host=db password='p w' user=me", 'host=db password=*** user=me'],
    ['mail me@host', 'mail me@host'],
  ]
  for (const [text, expected] of cases) {
    test(`leaves of ${text} only ${expected}`, () => assert.equal(scrub(text), expected))
  }
})

test('a line is one JSON object with level, time, fields and message', () => {
  const { logger, lines } = collect()
  logger.info({ slot: 'shop', rows: 3 }, 'started')
  const [line] = lines()
  assert.equal(line?.['level'], 'info')
  assert.equal(line['slot'], 'shop')
  assert.equal(line['rows'], 3)
  assert.equal(line['msg'], 'started')
  assert.match(String(line['time']), /^\d{4}-\d\d-\d\dT.*Z$/)
})

test('levels below the chosen one are silent, and disabled silences all', () => {
  const warn = collect({ level: 'warn' })
  warn.logger.info({}, 'no')
  warn.logger.warn({}, 'yes')
  assert.deepEqual(
    warn.lines().map((line) => line['msg']),
    ['yes'],
  )
  const disabled = collect({ level: 'disabled' })
  disabled.logger.error({}, 'no')
  assert.equal(disabled.text(), '')
})

test('no secret gets into a line, wherever it stands', () => {
  for (const pretty of [false, true]) {
    const { logger, text } = collect({ pretty, level: 'trace' })
    const url = 'postgres://me:hunter2@db/shop'
    const error = new PgstreamError('PGSTREAM_SOURCE_REFUSED', `Refused ${url}.`, {
      cause: new Error(`at ${url}`),
    })
    logger.warn(
      { url, password: 'hunter2', nested: { urls: [url], saslPassword: 'hunter2', token: 'hunter2' }, error },
      `connecting to ${url}`,
    )
    assert.match(text(), /db\/shop/)
    assert.doesNotMatch(text(), /hunter2/)
  }
})

test('an error is logged with code, sentence, remedy and the message of its cause', () => {
  const { logger, lines } = collect()
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const cause = new Error('Connection terminated', { cause: refused })
  logger.error({ error: new PgstreamError('PGSTREAM_SOURCE_UNREACHABLE', 'Gone.', { cause }) }, 'stopped')
  assert.deepEqual(lines()[0]?.['error'], {
    code: 'PGSTREAM_SOURCE_UNREACHABLE',
    message: 'Gone.',
    remedy: 'Check host, port and network, and that the server runs and accepts connections.',
    cause: 'Connection terminated: connect ECONNREFUSED',
  })
})

test('a stack is there at debug level, and for what must not happen', () => {
  const stackOf = (level: LoggerOptions['level'], error: Error): unknown => {
    const { logger, lines } = collect({ level })
    logger.error({ error }, 'stopped')
    return (lines()[0]?.['error'] as Record<string, unknown>)['stack']
  }
  const mistake = new PgstreamError('PGSTREAM_SOURCE_REFUSED', 'No.')
  assert.equal(stackOf('info', mistake), undefined)
  assert.match(String(stackOf('debug', mistake)), /logger\.test/)
  assert.match(String(stackOf('info', new TypeError('x is undefined'))), /logger\.test/)
})

test('several failed addresses of one host, which have no message, are told by their code', () => {
  const { logger, lines } = collect()
  const cause = Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' })
  logger.error({ error: new PgstreamError('PGSTREAM_SOURCE_UNREACHABLE', 'Gone.', { cause }) }, 'stopped')
  assert.equal((lines()[0]?.['error'] as Record<string, unknown>)['cause'], 'ECONNREFUSED')
})

test('an LSN as bigint does not break a line', () => {
  const { logger, lines } = collect()
  logger.info({ lsn: 9_007_199_254_740_993n }, 'at')
  assert.equal(lines()[0]?.['lsn'], '9007199254740993')
})

test('for people a line has time, level and message first', () => {
  const { logger, text } = collect({ pretty: true })
  logger.info({ slot: 'shop' }, 'started')
  assert.match(text(), /^\[\d\d:\d\d:\d\d\] INFO: started .*"slot":"shop"/)
})
