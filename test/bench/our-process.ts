import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/temporary-folder.ts'
import type { Measured } from './measured.ts'

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const probe = at('programs/probe.mjs')

export const command = at('../../bin/pgstream.js')
export const nullSink = at('programs/null-sink.mjs')

export interface ProcessOptions {
  readonly program: string
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** What `probe.mjs` waits for, and reports. */
  readonly until?: bigint
  readonly rows: number
  /** Where what it prints goes; nowhere if not given. */
  readonly stdout?: string
}

/** `npm run bench -- --profile FOLDER`: each process of ours leaves a profile there. */
function profiling(): string[] {
  const folder = process.env['BENCH_PROFILE']
  return folder ? ['--cpu-prof', `--cpu-prof-dir=${folder}`] : []
}

/** Only what a run needs of the environment: a PGSTREAM_ setting of whoever measures would be measured, too. */
const environment = (own: Readonly<Record<string, string>>): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
  ...own,
})

/** Starts a process of ours with the probe in it. `stop` ends it in order; `measured` is what the probe reported. */
async function startOurs(options: ProcessOptions): Promise<{
  readonly child: ChildProcess
  readonly measured: Promise<Measured>
}> {
  const folder = await temporaryFolder()
  const report = folder.file('report.json')
  const { until, env = {} } = options
  // as a shell does with >: for writing only
  const stdout = await open(options.stdout ?? '/dev/null', 'w')
  const child = spawn(
    process.execPath,
    [...profiling(), '--import', probe, options.program, ...(options.args ?? [])],
    {
      stdio: ['ignore', stdout.fd, 'pipe'],
      env: environment({
        ...env,
        BENCH_REPORT: report,
        ...(until === undefined ? {} : { BENCH_UNTIL: String(until) }),
      }),
    },
  )
  await stdout.close()
  let said = ''
  child.stderr!.on('data', (text) => (said = (said + String(text)).slice(-4000)))
  const ended = once(child, 'close')
  const measured = async (): Promise<Measured> => {
    try {
      await ended
      const text = await readFile(report, 'utf8').catch(() => {
        throw new Error(`${options.program} ended without a report: ${said}`)
      })
      return { ...(JSON.parse(text) as Omit<Measured, 'rows'>), rows: options.rows }
    } finally {
      await folder[Symbol.asyncDispose]()
    }
  }
  return { child, measured: measured() }
}

/** Runs it until `isOver`, which the probe cannot see by a position. */
export async function runOursUntil(
  options: ProcessOptions,
  isOver: () => Promise<boolean>,
): Promise<Measured> {
  const { child, measured } = await startOurs(options)
  const tell = async (): Promise<void> => {
    while (child.exitCode === null && !(await isOver())) await pause(20)
    child.kill('SIGUSR2')
  }
  const [of] = await Promise.all([measured, tell()])
  return of
}

/** Runs it to its end. */
export async function runOurs(options: ProcessOptions): Promise<Measured> {
  const { measured } = await startOurs(options)
  return measured
}
