import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { keepOutputOf } from './kept-output.ts'
import { eventually } from './wait.ts'

const bin = fileURLToPath(new URL('../../bin/pgstream.js', import.meta.url))
const newline = 0x0a
/** More than the answers of two seconds to what it asks beside the stream. */
const mostAsked = 64 * 1024

/** `pgstream run --stdout` into a pipe, as the system sees it from outside. Disposing kills it. */
export class MeasuredRun implements AsyncDisposable {
  readonly #child: ChildProcess
  #stderr = ''
  lines = 0
  bytes = 0

  constructor(url: string, environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(process.execPath, [bin, 'run', '--stdout', '--pgurl', url], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...environment },
    })
    keepOutputOf(this.#child, ['run', '--stdout'])
    this.#child.stderr!.on('data', (text) => (this.#stderr += String(text)))
  }

  /** Reads lines as they come, or no more than so many a second. */
  async readLines(until: () => boolean, perSecond = Infinity): Promise<void> {
    const startedAt = performance.now()
    const begun = this.lines
    for await (const chunk of this.#child.stdout!.iterator({ destroyOnReturn: false })) {
      this.#count(chunk as Buffer)
      if (until()) return
      const early = ((this.lines - begun) / perSecond) * 1000 - (performance.now() - startedAt)
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
    }
    throw new Error(`the command ended by itself: ${this.#stderr}`)
  }

  #count(chunk: Buffer): void {
    this.bytes += chunk.length
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, at + 1)) this.lines++
  }

  /** The most memory that it ever had, in bytes. */
  async peakBytes(): Promise<number> {
    return 1024 * (await this.#number('status', /^VmHWM:\s*(\d+) kB$/m))
  }

  /** Until it has read that much from the server, and then, but for what it asks about the slot, nothing for two seconds. */
  async readsNoMore(atLeastBytes: number): Promise<void> {
    let before = -Infinity
    await eventually(
      async () => {
        const now = await this.#number('io', /^rchar: (\d+)$/m)
        const isStill = now > atLeastBytes && now - before < mostAsked
        before = now
        return isStill
      },
      { every: 2_000, timeoutMs: 170_000, about: 'the command waiting for its reader' },
    )
  }

  async #number(file: 'status' | 'io', found: RegExp): Promise<number> {
    if (this.#child.exitCode !== null) throw new Error(`the command ended by itself: ${this.#stderr}`)
    return Number(found.exec(await readFile(`/proc/${String(this.#child.pid)}/${file}`, 'utf8'))![1])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    this.#child.stdout!.destroy()
    await ended
  }
}
