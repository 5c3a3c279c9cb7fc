import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { keepOutputOf } from '../kept-output.ts'
import { eventually } from '../wait.ts'
import type { ChangesFile } from './changes-file.ts'

const bin = fileURLToPath(new URL('../../../bin/pgstream.js', import.meta.url))

/** A program that is killed, and the signal that stops it in order. */
export interface KilledProgram {
  readonly run: (url: string) => {
    readonly args: readonly string[]
    readonly cwd?: string
    readonly env?: NodeJS.ProcessEnv
  }
  readonly stopSignal: 'SIGTERM' | 'SIGINT'
  /** Whether it writes to its standard output, or appends to the file itself. */
  readonly writesTo: 'stdout' | 'file'
}

const runToStdout: KilledProgram = {
  run: (url) => ({ args: [bin, 'run', '--stdout', '--pgurl', url] }),
  stopSignal: 'SIGTERM',
  writesTo: 'stdout',
}

/** Into the file by the operating system, or through a pipe whose reader is slow, so that much is queued. */
export type Outlet = 'file' | 'slow pipe'

/** Between two reads of at most 64 KiB. */
const slowReadMs = 100

/** A program that writes changes to the file, from its start to its end. Disposing kills it, if it still runs. */
export class KilledCommand implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #stopSignal: NodeJS.Signals
  readonly #file: ChangesFile
  readonly #ended: Promise<unknown>
  readonly #sizeBefore: number
  #stderr = ''
  /** The file knows of its end. */
  #isTold = false

  static async start(
    url: string,
    file: ChangesFile,
    outlet: Outlet,
    program: KilledProgram = runToStdout,
  ): Promise<KilledCommand> {
    await using output = await file.append()
    const stdout = program.writesTo === 'file' ? 'ignore' : outlet === 'file' ? output.fd : 'pipe'
    const { args, cwd, env } = program.run(url)
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', stdout, 'pipe'] })
    keepOutputOf(child, ['run', '--stdout'])
    return new KilledCommand(child, file, await file.size(), program.stopSignal)
  }

  private constructor(
    child: ChildProcess,
    file: ChangesFile,
    sizeBefore: number,
    stopSignal: NodeJS.Signals,
  ) {
    this.#child = child
    this.#stopSignal = stopSignal
    this.#file = file
    this.#sizeBefore = sizeBefore
    child.stderr!.on('data', (text) => (this.#stderr += String(text)))
    this.#ended = Promise.all([once(child, 'close'), child.stdout ? this.#readSlowly(child.stdout) : null])
  }

  get #isOver(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Until it has written so many bytes; false when it has ended by itself. */
  async writes(bytes: number): Promise<boolean> {
    return this.until(
      async () => (await this.#file.size()) >= this.#sizeBefore + bytes,
      `${bytes} bytes of the command`,
    )
  }

  /** Until something is true; false when the command has ended by itself. */
  async until(look: () => Promise<boolean>, about: string, timeoutMs = 60_000): Promise<boolean> {
    await eventually(async () => this.#isOver || (await look()), { every: 1, timeoutMs, about })
    return !this.#isOver
  }

  /** Until so much time has passed; false when it has ended by itself. */
  async lives(ms: number): Promise<boolean> {
    await Promise.race([pause(ms), this.#ended])
    return !this.#isOver
  }

  endedByItself(): Error {
    return new Error(`the command ended by itself: ${this.#stderr}`)
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#end()
  }

  /** @throws {Error} when it does not end in order. */
  async stop(): Promise<void> {
    this.#child.kill(this.#stopSignal)
    await this.#end()
    if (this.#child.exitCode !== 0) throw new Error(`the command did not stop in order: ${this.#stderr}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isTold) await this.kill()
  }

  async #end(): Promise<void> {
    await this.#ended
    this.#isTold = true
    await this.#file.endProcess()
  }

  async #readSlowly(pipe: NonNullable<ChildProcess['stdout']>): Promise<void> {
    await using output = await this.#file.append()
    for await (const bytes of pipe) {
      await output.write(bytes as Buffer)
      if (!this.#isOver) await pause(slowReadMs)
    }
  }
}
