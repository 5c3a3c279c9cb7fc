import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { postgresServers } from '../support/postgres.ts'
import { eventually } from '../support/wait.ts'

const top = fileURLToPath(new URL('../..', import.meta.url))
let folder = ''

before(async () => {
  postgresServers() // without them each run below would start its own
  folder = await mkdtemp(join(top, 'test/integration/run-'))
})
after(() => rm(folder, { recursive: true }))

test('a run ends with its summary, also when tests fail', async () => {
  const { code, output } = await runOne(`test('bad', () => { throw new Error('as expected') })`)
  assert.equal(code, 1)
  assert.match(output, /as expected/)
  assert.match(output, /ℹ tests 1\n(ℹ .*\n)*ℹ fail 1\n(ℹ .*\n)*$/)
})

test('a test that hangs is named and fails', async () => {
  const { code, output } = await runOne(
    `test('waits for nothing', async () => { setInterval(() => 0, 9); await new Promise(() => 0) })`,
    { PGSTREAM_TEST_TIMEOUT_MS: '300' },
  )
  assert.equal(code, 1)
  assert.match(output, /waits for nothing took longer than 300 ms/)
})

test('a file that leaves a database behind fails', async () => {
  const { code, output } = await runOne(`
    import { leftOpen } from '../../support/left-open.ts'
    test('forgetful', () => { leftOpen.add('database x') })`)
  assert.equal(code, 1)
  assert.match(output, /left behind by the last test: database x/)
})

test('a run in which a command printed what was planted fails', async () => {
  const { code, output } = await runOne(`
    import { keepOutput } from '../../support/kept-output.ts'
    test('loose', () => keepOutput('run-1.stderr', '{"message":"password hush-x refused"}'))`)
  assert.equal(code, 1)
  assert.match(output, /ℹ fail 0\n/)
  assert.match(output, /✖ run-1\.stderr: …\{"message":"password hush-x refused"/)
})

const usesPostgres = `
  import '../../support/postgres.ts'
  test('fine', () => undefined)`

test('a run starts only the services that its files import', async () => {
  const { code, output } = await runOne(`test('fine', () => undefined)`, {
    CI: 'true',
    PGSTREAM_TEST_POSTGRES_MAJORS: '9',
  })
  assert.equal(code, 0)
  assert.doesNotMatch(output, /Postgres|Kafka/)
})

test('a file whose service cannot be had is skipped by name', async () => {
  const { code, output } = await runOne(usesPostgres, { PGSTREAM_TEST_POSTGRES_MAJORS: '9' })
  assert.equal(code, 1, 'a run without any test is a failure')
  assert.match(
    output,
    /skipped: Postgres 9: environment: .*\nskipped: test\/integration\/run-.*\.test\.ts\nNo test/,
  )
  assert.doesNotMatch(output, /fine/)
})

test('on CI a service that cannot be had fails the run before any test', async () => {
  const { code, output } = await runOne(usesPostgres, { CI: 'true', PGSTREAM_TEST_POSTGRES_MAJORS: '9' })
  assert.equal(code, 1)
  assert.match(output, /missing: Postgres 9: environment: PGSTREAM_TEST_POSTGRES_9_URL is not set; Docker: /)
  assert.doesNotMatch(output, /fine/)
})

for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
  test(`no test outlives a runner that ends by ${signal}`, async () => {
    const pidFile = join(folder, `pid-${signal}`)
    const { runner, end } = await start(`
      import { writeFileSync } from 'node:fs'
      test('long', async () => {
        writeFileSync(${JSON.stringify(pidFile)}, String(process.pid))
        await new Promise((resolve) => setTimeout(resolve, 60_000))
      })`)
    // made before it is written
    const pid = await eventually(() => existsSync(pidFile) && (Number(readFileSync(pidFile, 'utf8')) || null))
    assert.ok(isAlive(pid))
    runner.kill(signal)
    await end
    await eventually(() => !isAlive(pid), { about: 'The end of the test process' })
  })
}

async function runOne(
  source: string,
  environment: Record<string, string> = {},
): Promise<{ code: number | null; output: string }> {
  const { runner, end, output } = await start(source, environment)
  await end
  return { code: runner.exitCode, output: await output }
}

async function start(
  source: string,
  environment: Record<string, string> = {},
): Promise<{ runner: ChildProcess; end: Promise<unknown>; output: Promise<string> }> {
  const file = join(folder, `${process.hrtime.bigint()}.test.ts`)
  await writeFile(file, `import { test } from 'node:test'\n${source}\n`)
  const env: NodeJS.ProcessEnv = { ...process.env, ...environment }
  delete env['NODE_TEST_CONTEXT'] // node would take the run for one of its own test files
  if (!environment['CI']) delete env['CI']
  const runner = spawn(process.execPath, ['--import', 'tsx', 'test/run.ts', file], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'inherit'],
    env,
  })
  return { runner, end: once(runner, 'exit'), output: text(runner.stdout) }
}

/** A process that ended and whom nobody has asked for its exit code yet is a zombie, and not alive. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return !existsSync('/proc/self/stat') || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}
