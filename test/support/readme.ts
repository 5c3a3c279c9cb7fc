import { mkdtemp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const repository: string = fileURLToPath(new URL('../..', import.meta.url))

/** The fenced code blocks of README.md that open with exactly this line, such as `ts run`. */
export async function readmeBlocks(info: string): Promise<string[]> {
  const readme = await readFile(join(repository, 'README.md'), 'utf8')
  return [...readme.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
    .filter((match) => match[1] === info)
    .map((match) => match[2]!)
}

/** Each block that opens with `ts run` is executed by the test of the listener that it imports. */
export async function runnableBlock(listener: 'postgresListener' | 'recordedListener'): Promise<string> {
  const found = (await readmeBlocks('ts run')).filter((block) => block.includes(listener))
  if (found.length === 1) return found[0]!
  throw new Error(`README.md has ${found.length} blocks marked "ts run" with a ${listener}`)
}

/** A folder below the repository, so that `import 'pgstream'` in it means this package as it was built. */
export async function workFolder(): Promise<{ path: string; [Symbol.asyncDispose](): Promise<void> }> {
  const cache = join(repository, '.cache')
  await mkdir(cache, { recursive: true })
  const path = await mkdtemp(join(cache, 'readme-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export const writeScript = (folder: string, code: string): Promise<void> =>
  writeFile(join(folder, 'script.mjs'), code)
