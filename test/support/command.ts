import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { keepOutputOf } from './kept-output.ts'
import { eventually } from './wait.ts'

const bin = fileURLToPath(new URL('../../bin/pgstream.js', import.meta.url))

export interface Finished {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  /** Replaces every PGSTREAM_* variable of the test's own environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Nobody reads stdout until `resume` is called on it. */
  readonly keepUnread?: boolean
  readonly cwd?: string
  /** What `ulimit -n` says to it. */
  readonly mostOpenFiles?: number
}

/** `bin/pgstream.js`, running. Disposing kills it. */
export class RunningCommand implements AsyncDisposable {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  stdout = ''
  stderr = ''

  constructor(args: readonly string[], options: CommandOptions = {}) {
    const { env = {}, keepUnread = false, cwd, mostOpenFiles } = options
    const command = [process.execPath, bin, ...args]
    const [program, ...words] =
      mostOpenFiles === undefined
        ? command
        : ['bash', '-c', `ulimit -n ${mostOpenFiles}; exec "$0" "$@"`, ...command]
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('PGSTREAM_'))
    this.child = spawn(program!, words, {
      cwd,
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    keepOutputOf(this.child, args, env, keepUnread)
    if (!keepUnread) this.child.stdout!.on('data', (text) => (this.stdout += String(text)))
    this.child.stderr!.on('data', (text) => (this.stderr += String(text)))
    this.finished = once(this.child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }))
  }

  get lines(): string[] {
    return this.stdout.split('\n').filter((line) => line !== '')
  }

  /** With `keepUnread`: whether as much was written as is read ahead of whoever reads. */
  hasUnread(): boolean {
    const stdout = this.child.stdout!
    stdout.read(0)
    return stdout.readableLength >= stdout.readableHighWaterMark
  }

  /** Waits until stderr matches; fails with what it says instead. */
  async says(expected: RegExp): Promise<void> {
    await eventually(() => expected.test(this.stderr) || Promise.reject(new Error(this.stderr)), {
      timeoutMs: 20_000,
      about: String(expected),
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill('SIGKILL')
    this.child.stdout!.resume()
    await this.finished
  }
}

/** Runs the command to its end. */
export async function pgstream(args: readonly string[], options: CommandOptions = {}): Promise<Finished> {
  await using command = new RunningCommand(args, options)
  return await command.finished
}
