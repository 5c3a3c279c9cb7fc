import { setTimeout as pause } from 'node:timers/promises'
import { RunningCommand } from '../command.ts'
import { eventually } from '../wait.ts'

/** `pgstream run` with settings, killed and started again at will. Disposing kills it. */
export class KilledProcesses implements AsyncDisposable {
  readonly #settings: readonly Readonly<Record<string, string>>[]
  #running: RunningCommand[] = []
  kills = 0

  /** One process for each of the settings; each must stay alive until it is killed. */
  constructor(settings: readonly Readonly<Record<string, string>>[]) {
    this.#settings = settings
    this.start()
  }

  /** Unless they run. */
  start(): void {
    if (this.#running.length === 0) this.#running = this.#settings.map((env) => start(env))
  }

  /** SIGKILL for one of them after each of these pauses, and another one in its place. */
  async killOne(place: number, afterMs: readonly number[]): Promise<void> {
    const at = place % this.#running.length
    for (const ms of afterMs) {
      await pause(ms)
      await this.#running[at]![Symbol.asyncDispose]()
      this.kills++
      this.#running[at] = start(this.#settings[at]!)
    }
  }

  /** Rejects with what a process said last when it has ended by itself. */
  checkAlive(): void {
    for (const { child, stderr } of this.#running) {
      if (child.exitCode !== null) throw new Error(`pgstream ended by itself: ${stderr.slice(-3000)}`)
    }
  }

  async until(look: () => Promise<boolean>, about: string): Promise<void> {
    await eventually(
      async () => {
        if (this.#running.some(({ child }) => child.exitCode !== null)) return 'ended'
        return (await look()) && 'seen'
      },
      { about, timeoutMs: 90_000, every: 30 },
    )
    this.checkAlive()
  }

  /** What they wrote to their logs, for a failure. */
  get said(): string {
    return this.#running.map(({ stderr }) => stderr.slice(-2000)).join('\n')
  }

  /** Kills them all. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#running.splice(0).map((command) => command[Symbol.asyncDispose]()))
  }
}

const start = (env: Readonly<Record<string, string>>): RunningCommand =>
  new RunningCommand(['run', '--log-level', 'info'], { env })
