import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runCommand } from './run-command.ts'
import { Unavailable } from './service.ts'

/** What is fetched once into `.cache/<name>/<version>`. */
export interface MavenBundle {
  readonly name: string
  readonly version: string
  /** `group:artifact:version` each; what they need comes with them. */
  readonly artifacts: readonly string[]
  /** Versions of what comes with them that are to be others. */
  readonly pinned?: readonly string[]
  /** Called in the folder with `libs` before others can see it. */
  readonly finish?: (folder: string) => Promise<void>
}

const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'
const cache = fileURLToPath(new URL('../../.cache', import.meta.url))

/**
 * The folder with the jars, in `libs`. Several processes may fetch at once: each into a folder of its own, and the first
 * to finish gives it its name.
 */
export async function fetchFromMaven(bundle: MavenBundle): Promise<string> {
  const parent = join(cache, bundle.name)
  const kept = join(parent, bundle.version)
  if (existsSync(kept)) return kept
  await mkdir(parent, { recursive: true })
  const fresh = await mkdtemp(join(parent, 'fetching-'))
  try {
    await writeFile(join(fresh, 'pom.xml'), projectModel(bundle))
    await fetchJars(fresh, `${bundle.name} ${bundle.version}`)
    await bundle.finish?.(fresh)
    await rename(fresh, kept).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    })
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
  return kept
}

async function fetchJars(folder: string, what: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const parameters = ['--quiet', '--batch-mode', copyDependencies, '-DoutputDirectory=libs']
      await runCommand('mvn', [...parameters, '-DincludeScope=runtime'], { cwd: folder })
      return
    } catch (error) {
      if (isMissingCommand(error)) throw new Unavailable(`there is no mvn to fetch ${what} with`)
      const sentence = error instanceof Error ? error.message : String(error)
      if (attempt === 3) throw new Unavailable(`${what} cannot be fetched (${sentence})`)
      await pause(attempt * 2000) // the registry fails now and then
    }
  }
}

function isMissingCommand(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function projectModel({ name, artifacts, pinned = [] }: MavenBundle): string {
  const dependency = (coordinates: string): string => {
    const [group = '', artifact = '', version = ''] = coordinates.split(':')
    return `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  }
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>pgstream</groupId>
  <artifactId>test-${name}</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencyManagement><dependencies>
    ${pinned.map(dependency).join('\n    ')}
  </dependencies></dependencyManagement>
  <dependencies>
    ${artifacts.map(dependency).join('\n    ')}
  </dependencies>
</project>
`
}
