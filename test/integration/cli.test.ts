import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { pgstream } from '../support/command.ts'
import type { CommandOptions } from '../support/command.ts'

async function refused(args: string[], expected: RegExp, options?: CommandOptions): Promise<string> {
  const { code, stdout, stderr } = await pgstream(args, options)
  assert.match(stderr, expected)
  assert.match(stderr, /^error: .*\n(?:.*\n)*remedy: .*\ncode: PGSTREAM_(?:USAGE|CONFIG_INVALID)\n$/)
  assert.doesNotMatch(stderr, /\n {4}at /, 'no stack for a mistake')
  assert.equal(stdout, '')
  assert.equal(code, 2)
  return stderr
}

describe('help', () => {
  test('without arguments, with help and with --help the commands are listed', async () => {
    const { code, stdout, stderr } = await pgstream([])
    assert.equal(code, 0)
    assert.equal(stderr, '')
    for (const name of ['init', 'run', 'tear-down', 'demo', 'record', 'replay', 'help'])
      assert.match(stdout, new RegExp(`^  ${name}\\b`, 'm'))
    assert.equal((await pgstream(['help'])).stdout, stdout)
    assert.equal((await pgstream(['--help'])).stdout, stdout)
    assert.equal((await pgstream(['-h'])).stdout, stdout)
  })

  test('help run and run --help say the same: flags, variables with defaults, examples', async () => {
    const { code, stdout } = await pgstream(['help', 'run'])
    assert.equal(code, 0)
    assert.match(stdout, /-c, --config FILE/)
    assert.match(stdout, /PGSTREAM_STDOUT_WRITER_MAX_QUEUE_BYTES\n.*\n?.*Default 100MiB\./)
    assert.match(stdout, /^ {2}pgstream run --stdout/m)
    assert.equal((await pgstream(['run', '--help'])).stdout, stdout)
    assert.ok(stdout.split('\n').every((line) => line.length <= 100))
  })

  test('--version prints the version of the package', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string
    }
    const { code, stdout } = await pgstream(['--version'])
    assert.deepEqual([code, stdout], [0, `${version}\n`])
  })
})

describe('a mistyped command line is refused with exit code 2', () => {
  const mistakes: [string[], RegExp][] = [
    [['runn'], /^error: There is no command "runn"\. Did you mean run\?/],
    [['teardown'], /Did you mean tear-down\?/],
    [['fly'], /^error: There is no command "fly"\.\n/],
    [['help', 'inti'], /Did you mean init\?/],
    [['run', '--stdot'], /There is no flag --stdot\. Did you mean --stdout\?/],
    [['--pg-url', 'x', 'init'], /There is no flag --pg-url\. Did you mean --pgurl\?/],
    [['run', '-x'], /There is no flag -x\./],
    [['replay', '--stdout'], /^error: pgstream replay needs a FILE\.\n/],
    [['run', '--print-sql'], /pgstream run has no flag --print-sql\. It belongs to init\./],
    [['init', '--pgurl'], /--pgurl needs a value: URL\./],
    [['init', '--pgurl', '--json=false'], /--pgurl needs a value: URL\./],
    [['run', '-c', ''], /--config needs a value: FILE\./],
    [['run', '--stdout=maybe'], /--stdout takes no value\./],
    [['run', '--log-level', 'info', '--log-level', 'warn'], /--log-level is given twice\./],
    [['--stdout'], /A command is missing\./],
    [['run', 'fast'], /pgstream run cannot use "fast"\./],
    [['init', 'postgres://me:hunter2@localhost'], /takes the database by a flag: --pgurl URL\./],
  ]
  for (const [args, expected] of mistakes) {
    test(`pgstream ${args.join(' ')}`, async () => {
      const said = await refused(args, expected)
      assert.doesNotMatch(said, /hunter2/)
    })
  }
})

describe('a wrong configuration is refused with exit code 2', () => {
  test('run names the side that is missing, and how to set it', async () => {
    await refused(
      ['run'],
      /no listener \(set PGSTREAM_POSTGRES_LISTENER_URL.*\) and no processor \(set PGSTREAM_KAFKA.*STDOUT/,
    )
    await refused(
      ['run', '--stdout'],
      /^error: There is no listener \([^)]*--pgurl; PGSTREAM_KAFKA[^)]*\)\.\n/,
    )
    await refused(
      ['run', '--pgurl', 'postgres://localhost'],
      /^error: There is no processor \([^)]*--stdout\)\.\n/,
    )
  })

  test('everything wrong is told at once', async () => {
    const said = await refused(
      ['run', '--log-level', 'loud', '-c', '/nowhere.env'],
      /^error: 3 things are wrong/,
      {
        env: { PGSTREAM_STDOUT_WRITER_BATCH_SIZE: 'many' },
      },
    )
    assert.match(said, /- .*nowhere\.env cannot be read/)
    assert.match(said, /- --log-level: "loud" is not one of/)
    assert.match(said, /- PGSTREAM_STDOUT_WRITER_BATCH_SIZE \(environment\): "many" is not a whole number/)
  })

  test('a URL that cannot be read is refused without its password', async () => {
    const said = await refused(
      ['run', '--stdout', '--pgurl', 'postgres://me:hunter2@db:port/shop'],
      /^error: PGSTREAM_PGURL: The Postgres URL /,
    )
    assert.doesNotMatch(said, /hunter2/)
    const unknown = await refused(
      ['init', '--pgurl', 'postgres://db/shop?sslmod=disable'],
      /^error: The Postgres URL has the unknown parameter "sslmod"\.\n/,
    )
    assert.match(unknown, /^remedy: .*postgres:\/\/user:password@host/m)
    await refused(
      ['init', '--pgurl', 'mysql://me:hunter2@db/shop'],
      /--pgurl: the value is not a URL that begins/,
    )
  })

  test('with --json the error is one JSON object on stdout', async () => {
    const { code, stdout, stderr } = await pgstream(['init', '--json', '--pgurl', 'nonsense'])
    assert.equal(code, 2)
    assert.equal(stderr, '')
    const { ok, error } = JSON.parse(stdout) as { ok: boolean; error: Record<string, string> }
    assert.equal(ok, false)
    assert.equal(error['code'], 'PGSTREAM_CONFIG_INVALID')
    assert.ok(error['message'] && error['remedy'])
  })
})

test('a server that is not there is told in one sentence, with exit code 1', async () => {
  for (const command of [['init'], ['tear-down']]) {
    const { code, stderr } = await pgstream([...command, '--pgurl', 'postgres://me:hunter2@127.0.0.1:1/shop'])
    assert.equal(code, 1, command.join(' '))
    assert.match(
      stderr,
      /^error: .*127\.0\.0\.1:1\b.*\n(cause: .*\n)?remedy: .*\ncode: PGSTREAM_SOURCE_UNREACHABLE\n$/,
    )
    assert.doesNotMatch(stderr, /hunter2/)
  }
})
