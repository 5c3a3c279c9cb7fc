import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { RunningCommand } from '../../support/command.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const probe = fileURLToPath(new URL('../programs/probe.mjs', import.meta.url))

/** Has a command note, by `programs/probe.mjs`, how long after its commit each change was durable at its destination. */
export async function durableLatencies(settleSeconds = 0): Promise<
  AsyncDisposable & {
    readonly env: Readonly<Record<string, string>>
    /** Ends it in order. Milliseconds, sorted. */
    readonly end: (command: RunningCommand) => Promise<readonly number[]>
  }
> {
  const folder = await temporaryFolder()
  const report = folder.file('durable.json')
  return {
    env: {
      NODE_OPTIONS: `--import=${probe}`,
      BENCH_REPORT: report,
      BENCH_SETTLE_MS: String(settleSeconds * 1_000),
    },
    end: async (command) => {
      command.child.kill('SIGUSR2')
      await command.finished
      const { latencies } = JSON.parse(await readFile(report, 'utf8')) as { latencies: number[] }
      return latencies
    },
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}
