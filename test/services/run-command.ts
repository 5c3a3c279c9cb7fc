import { spawn } from 'node:child_process'
import type { SpawnOptions } from 'node:child_process'

/** Everything a command printed. Rejects with its last lines when it fails. */
export async function runCommand(
  command: string,
  parameters: readonly string[],
  options: SpawnOptions = {},
): Promise<string> {
  const child = spawn(command, parameters, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  const take = (chunk: Buffer): void => void (output += chunk.toString())
  child.stdout.on('data', take)
  child.stderr.on('data', take)
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === 0) return resolve(output)
      const said = output.trim().split('\n').slice(-15).join('\n')
      reject(
        new Error(`${command} ${parameters[0] ?? ''} ended with ${code ?? signal ?? 'nothing'}: ${said}`),
      )
    })
  })
}

/** The same, with undefined for a command that fails or is not there. */
export async function tryCommand(
  command: string,
  parameters: readonly string[],
  options: SpawnOptions = {},
): Promise<string | undefined> {
  return runCommand(command, parameters, options).catch(() => undefined)
}
