import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** Who a process runs as, in the words of `spawn`; empty for whoever runs the demo. */
export type RunAs = { readonly uid: number; readonly gid: number } | Record<string, never>

export interface BinaryOptions {
  readonly user?: RunAs
  readonly folder?: string
  /** Called in the same tick in which the process was made. */
  readonly onStart?: (child: ChildProcess) => void
}

/** Nothing of the caller's: PGPORT, PGOPTIONS, LD_LIBRARY_PATH and the like would change what runs. */
export const bareEnvironment: NodeJS.ProcessEnv = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' }

/**
 * Everything a program printed. Rejects with its last lines when it fails. It has a process group of its own, so that
 * Ctrl-C in the terminal does not reach it.
 */
export async function runBinary(
  file: string,
  parameters: readonly string[],
  { user = {}, folder = '/', onStart }: BinaryOptions = {},
): Promise<string> {
  const child = spawn(file, parameters, {
    ...user,
    cwd: folder,
    env: bareEnvironment,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  onStart?.(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (code === 0) return output
  throw new Error(`${file} ended with ${String(code ?? signal)}: ${lastLines(output)}`)
}

/** What is worth reading of a long output. */
export const lastLines = (output: string): string => output.trim().split('\n').slice(-5).join('\n')
