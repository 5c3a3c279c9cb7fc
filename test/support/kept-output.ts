/**
 * Everything that the commands of a test run print, and what they answer to who watches them, kept for the end of the run:
 * test/run.ts then looks for secrets and row values in it. What a test invents as a secret has `hush` in it; values of rows
 * that must show up nowhere have `planted-`.
 */
import type { ChildProcess } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Where test/run.ts wants it; nothing is kept where it is not set. */
export const outputFolderVariable = 'PGSTREAM_TEST_OUTPUT_FOLDER'

/** Such as `run-4711.stderr`, for a file name; what is kept under the same name is one text. */
export function keepOutput(name: string, text: string | Buffer): void {
  const folder = process.env[outputFolderVariable]
  if (folder) appendFileSync(join(folder, name.replaceAll(/[^\w.-]/g, '_')), text)
}

/** Of `bin/pgstream.js` with these parameters. Changes that it writes to stdout because it was asked to are its work. */
export function keepOutputOf(
  child: ChildProcess,
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>> = {},
  keepUnread = false,
): void {
  const [command = 'none'] = args
  const name = `${command}-${child.pid ?? 0}-${Math.round(performance.timeOrigin)}`
  child.stderr?.on('data', (text: string | Buffer) => keepOutput(`${name}.stderr`, text))
  if (!keepUnread && !showsRows(args, env)) {
    child.stdout?.on('data', (text: string | Buffer) => keepOutput(`${name}.stdout`, text))
  }
}

const showsRows = (args: readonly string[], env: Readonly<Record<string, string | undefined>>): boolean =>
  ['demo', 'webhook-listen'].includes(args[0] ?? '') ||
  args.includes('--stdout') ||
  env['PGSTREAM_STDOUT_WRITER_ENABLED'] !== undefined ||
  args.some((arg) => arg.endsWith('stdout.env'))

export interface Leaks {
  readonly outputs: number
  readonly bytes: number
  /** A line each: where, and what stands around it. */
  readonly found: readonly string[]
}

const planted = /hush|planted-/g
const around = 100

/** Looks for what was planted. */
export async function findLeaks(folder: string): Promise<Leaks> {
  const files = await readdir(folder)
  const found: string[] = []
  let bytes = 0
  for (const file of files.sort()) {
    const text = await readFile(join(folder, file), 'utf8')
    bytes += text.length
    for (const { index } of text.matchAll(planted)) {
      found.push(`${file}: …${text.slice(Math.max(0, index - around), index + around)}…`)
    }
  }
  return { outputs: files.length, bytes, found }
}
