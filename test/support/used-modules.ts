import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** What a file imports by a relative path. */
const relativeImport = /\bfrom '(\.[^']+)'|\bimport\(?\s*'(\.[^']+)'/g
const known = new Map<string, Promise<string[]>>()

/** All modules of ours that a file needs, itself among them, as absolute paths; found by reading, not by running it. */
export async function usedModules(file: string): Promise<Set<string>> {
  const seen = new Set<string>()
  const waiting = [resolve(file)]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue
    seen.add(path)
    const imports = known.get(path) ?? importsOf(path)
    known.set(path, imports)
    waiting.push(...(await imports))
  }
  return seen
}

async function importsOf(path: string): Promise<string[]> {
  const source = await readFile(path, 'utf8').catch(() => '')
  return [...source.matchAll(relativeImport)].map(([, from, only]) =>
    resolve(dirname(path), from ?? only ?? ''),
  )
}
