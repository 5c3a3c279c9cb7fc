import { readdir, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'

const folders = ['unit', 'contract', 'integration', 'promises', 'docs']

/**
 * What `npm test -- …` asks for, as paths from the top of the repository: files, folders, `--unit` and the like for the
 * folders of test/, all of them when nothing is named. Other options are node's.
 */
export async function chooseTests(
  testFolder: string,
  parameters: readonly string[],
): Promise<{ files: string[]; options: string[] }> {
  const isFolder = (parameter: string): boolean => folders.some((folder) => parameter === `--${folder}`)
  const named = [
    ...parameters.filter(isFolder).map((parameter) => join(testFolder, parameter.slice(2))),
    ...parameters.filter((parameter) => !parameter.startsWith('-')).map((path) => resolve(path)),
  ]
  const places = named.length > 0 ? named : folders.map((folder) => join(testFolder, folder))
  const found = await Promise.all(places.map(testFilesIn))
  const files = [...new Set(found.flat())].sort().map((file) => relative(join(testFolder, '..'), file))
  const empty = places.filter((_, index) => found[index]?.length === 0)
  if (empty.length > 0 && (named.length > 0 || files.length === 0)) {
    throw new Error(`There is no test in ${empty.join(', ')}`)
  }
  return {
    files,
    options: parameters.filter((parameter) => parameter.startsWith('-') && !isFolder(parameter)),
  }
}

async function testFilesIn(path: string): Promise<string[]> {
  const what = await stat(path).catch(() => undefined)
  if (what?.isFile()) return [path]
  const entries = what ? await readdir(path, { recursive: true }) : []
  return entries.filter((entry) => entry.endsWith('.test.ts')).map((entry) => join(path, entry))
}
