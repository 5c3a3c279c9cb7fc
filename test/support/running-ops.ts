import type { StreamStatus } from '../../src/telemetry/stream-status.ts'
import { RunningCommand } from './command.ts'
import type { CommandOptions } from './command.ts'
import { schemaOf } from './json-schema.ts'
import { keepOutput } from './kept-output.ts'

export interface Answer<Body> {
  readonly code: number
  readonly body: Body
}

const isStreamStatus = schemaOf('status', '/definitions/stream')

/** `pgstream run` that serves its status on a port of its own. */
export class RunningOps extends RunningCommand {
  url = ''

  static async start(args: readonly string[], options: CommandOptions = {}): Promise<RunningOps> {
    const run = new RunningOps(['run', '--ops-address', '127.0.0.1:0', ...args], options)
    try {
      await run.says(/serving status and metrics/)
    } catch (error) {
      await run[Symbol.asyncDispose]()
      throw error
    }
    run.url = /"url":"(http:[^"]+)"/.exec(run.stderr)![1]!
    return run
  }

  get port(): string {
    return new URL(this.url).port
  }

  async get<Body>(path: string): Promise<Answer<Body>> {
    const response = await fetch(this.url + path, { signal: AbortSignal.timeout(10_000) })
    const text = await response.text()
    keepOutput(`ops-${this.port}${path}`, text)
    return { code: response.status, body: JSON.parse(text) as Body }
  }

  async status(): Promise<StreamStatus> {
    const { body } = await this.get<StreamStatus>('/status')
    isStreamStatus(body)
    return body
  }

  ready(): Promise<Answer<{ ready: boolean; reasons: string[] }>> {
    return this.get('/ready')
  }

  async metrics(): Promise<string> {
    const response = await fetch(`${this.url}/metrics`, { signal: AbortSignal.timeout(10_000) })
    const text = await response.text()
    keepOutput(`ops-${this.port}-metrics`, text)
    return text
  }
}
