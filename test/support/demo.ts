import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify, stripVTControlCharacters } from 'node:util'
import { eventually } from './wait.ts'

const bin = fileURLToPath(new URL('../../bin/pgstream.js', import.meta.url))

export interface DemoOptions {
  /** Another copy of the program than this repository's. */
  readonly bin?: string
  readonly user?: { readonly uid: number; readonly gid: number }
  /** On a terminal of its own, 80 columns wide. */
  readonly terminal?: boolean
}

/** `pgstream demo`, running in a temporary folder of its own. Disposing kills it and removes the folder. */
export class RunningDemo implements AsyncDisposable {
  readonly child: ChildProcess
  readonly folder: string
  /** The exit code. */
  readonly finished: Promise<number | null>
  stdout = ''
  stderr = ''

  constructor(folder: string, args: readonly string[], options: DemoOptions) {
    this.folder = folder
    const command = [process.execPath, options.bin ?? bin, 'demo', ...args]
    const [file = '', ...parameters] = options.terminal
      ? ['script', '-qec', `stty cols 80; exec ${command.join(' ')}`, '/dev/null']
      : command
    // CI: Node takes a terminal there for one without colours
    const environment = Object.entries(process.env).filter(
      ([name]) => !/^(CI$|NO_COLOR|FORCE_COLOR|PGSTREAM_)/.test(name),
    )
    this.child = spawn(file, parameters, {
      ...options.user,
      cwd: '/',
      env: {
        ...Object.fromEntries(environment),
        ...{ TMPDIR: folder, HOME: folder, TERM: 'xterm-256color', SHELL: '/bin/sh' },
      },
      stdio: 'pipe',
    })
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => (this.stdout += text))
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text))
    this.finished = once(this.child, 'close').then(([code]) => code as number | null)
  }

  /** What it printed, without colours. */
  get text(): string {
    return stripVTControlCharacters(this.stdout)
  }

  /** Waits until stdout matches, and gives the match. */
  async shows(expected: RegExp): Promise<RegExpExecArray> {
    return eventually(
      () => {
        const match = expected.exec(this.text)
        if (match) return match
        if (this.child.exitCode === null) return null
        throw new Error(`it ended with ${this.stdout}${this.stderr}`)
      },
      { timeoutMs: 60_000, about: `${String(expected)} in what the demo shows` },
    )
  }

  /** Files and processes of the demo that are still there. */
  async left(): Promise<string[]> {
    const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'stat=,args='])
    const processes = stdout.split('\n').filter((line) => line.includes(this.folder) && !line.startsWith('Z'))
    return [...processes, ...(await readdir(this.folder))]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    await this.finished
    await eventually(async () => (await this.left()).length === 0 || null, { about: 'The end of the demo' })
    await rm(this.folder, { recursive: true })
  }
}

export async function startDemo(
  args: readonly string[] = [],
  options: DemoOptions = {},
): Promise<RunningDemo> {
  const folder = await mkdtemp(join(tmpdir(), 'demo-test-'))
  await chmod(folder, 0o1777)
  return new RunningDemo(folder, args, options)
}
