/** What `npm test` runs: services, then node's test runner, then their end. README.md here says how to use it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { allServices } from './services/all-services.ts'
import { startServices } from './services/service.ts'
import type { RunningServices } from './services/service.ts'
import { atTheEnd } from './services/watchdog.ts'
import { chooseTests } from './support/choose-tests.ts'
import { findLeaks, outputFolderVariable } from './support/kept-output.ts'
import { neededServices } from './support/needed-services.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const here = fileURLToPath(new URL('.', import.meta.url))
const top = join(here, '..')
const nodeOptions = [
  '--import',
  'tsx',
  '--import',
  join(here, 'support/guard-file.ts'),
  '--test',
  '--test-concurrency=2',
  `--test-reporter=${join(here, 'config/reporter.js')}`,
]
/** For a shell: the process group $1, with time to end well. */
const endGroup = `
kill -s TERM -- "-$1"
for i in 1 2 3 4 5 6 7 8 9; do kill -s 0 -- "-$1" || exit; sleep 0.$i; done
kill -s KILL -- "-$1"`

const parameters = process.argv.slice(2)
const stopped = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => stopped.abort(signal))
}

try {
  process.exitCode = await (parameters.includes('--services') ? keepServices() : runTests())
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

async function runTests(): Promise<number> {
  const { files, options } = await chooseTests(here, parameters)
  console.log(`Node.js ${process.version} on ${process.platform}-${process.arch} as ${userInfo().username}`)
  const needed = await neededServices(top, files, allServices())
  await using services = await startServices(needed.services)
  const complete = report(services)
  if (!complete) return 1
  const runnable = needed.runnable(services)
  for (const file of files) if (!runnable.includes(file)) console.log(`skipped: ${file}`)
  if (runnable.length === 0) {
    console.log('No test is left.')
    return 1
  }
  await using outputs = await temporaryFolder()
  const environment = { ...services.environment, [outputFolderVariable]: outputs.path }
  const code = await runNode([...options, ...runnable], environment)
  return (await holdsNoSecret(outputs.path)) ? code : 1
}

/** Whether nothing that was printed holds what the tests planted as secrets and values of rows. */
async function holdsNoSecret(folder: string): Promise<boolean> {
  const { outputs, bytes, found } = await findLeaks(folder)
  if (outputs > 0)
    console.log(`ℹ planted secrets and row values in ${outputs} outputs of ${bytes} bytes: ${found.length}`)
  for (const place of found.slice(0, 20)) console.log(`✖ ${place}`)
  return found.length === 0
}

async function keepServices(): Promise<number> {
  await using services = await startServices(allServices())
  report(services)
  for (const [name, value] of Object.entries(services.environment)) console.log(`export ${name}='${value}'`)
  console.log('Ctrl-C stops them.')
  const alive = setInterval(() => undefined, 60_000)
  if (!stopped.signal.aborted) await once(stopped.signal, 'abort')
  clearInterval(alive)
  return 0
}

/** Whether the run may go on: on CI nothing may be missing. */
function report(services: RunningServices): boolean {
  for (const [name, { about }] of services.started) console.log(`${name}: ${about}`)
  const strict = process.env['CI'] === 'true' && services.missing.length > 0
  for (const sentence of services.missing) console.log(`${strict ? 'missing' : 'skipped'}: ${sentence}`)
  if (strict) console.log('CI=true: everything above must be there, so no test was run.')
  return !strict
}

/** The exit code. The tests form a process group, which ends with this process, however that ends. */
async function runNode(options: string[], environment: Readonly<Record<string, string>>): Promise<number> {
  if (stopped.signal.aborted) return 130
  const tests = spawn(process.execPath, [...nodeOptions, ...options], {
    cwd: top,
    detached: true,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  })
  const exit = once(tests, 'exit') as Promise<[number | null]>
  atTheEnd(endGroup, [String(tests.pid)])
  stopped.signal.addEventListener('abort', () => {
    if (tests.pid) process.kill(-tests.pid, stopped.signal.reason as NodeJS.Signals)
  })
  const [code] = await exit
  return stopped.signal.aborted ? 130 : (code ?? 1)
}
