import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { runCommand, tryCommand } from './run-command.ts'
import { Unavailable } from './service.ts'

export const kafkaVersion = '4.4.0'

/** What runs a broker without an installation of Kafka. */
export interface KafkaBinaries {
  readonly java: string
  /** A folder of jars. */
  readonly libs: string
}

const oldestJava = 17
const copyDependencies = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies'
const cache = fileURLToPath(new URL('../../.cache/kafka', import.meta.url))
let found: Promise<KafkaBinaries> | undefined

/** Java of this machine, and the jars of Maven Central, which are fetched once into `.cache`. */
export function findKafka(): Promise<KafkaBinaries> {
  found ??= Promise.all([findJava(), findJars()]).then(([java, libs]) => ({ java, libs }))
  return found
}

async function findJava(): Promise<string> {
  const home = process.env['JAVA_HOME']
  const java = home ? join(home, 'bin', 'java') : 'java'
  const said = await tryCommand(java, ['-version'])
  if (said === undefined) throw new Unavailable('there is no java')
  const major = Number(/version "(?:1\.)?(\d+)/.exec(said)?.[1])
  if (!(major >= oldestJava)) throw new Unavailable(`java is version ${major}, not ${oldestJava} or newer`)
  return java
}

/** Several processes may fetch at once: each into a folder of its own, and the first to finish gives it its name. */
async function findJars(): Promise<string> {
  const kept = join(cache, kafkaVersion)
  if (!existsSync(kept)) {
    await mkdir(cache, { recursive: true })
    const fresh = await mkdtemp(join(cache, 'fetching-'))
    try {
      await writeFile(join(fresh, 'pom.xml'), projectModel)
      await fetchJars(fresh)
      await rename(fresh, kept).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
      })
    } finally {
      await rm(fresh, { recursive: true, force: true })
    }
  }
  return join(kept, 'libs')
}

async function fetchJars(folder: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const parameters = ['--quiet', '--batch-mode', copyDependencies, '-DoutputDirectory=libs']
      await runCommand('mvn', [...parameters, '-DincludeScope=runtime'], { cwd: folder })
      return
    } catch (error) {
      if (isMissingCommand(error)) throw new Unavailable('there is no mvn to fetch Kafka with')
      const sentence = error instanceof Error ? error.message : String(error)
      if (attempt === 3) throw new Unavailable(`Kafka ${kafkaVersion} cannot be fetched (${sentence})`)
      await pause(attempt * 2000) // the registry fails now and then
    }
  }
}

function isMissingCommand(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** The broker, and what prints its log. */
const projectModel = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>pgstream</groupId>
  <artifactId>test-kafka</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${kafkaVersion}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>2.24.3</version>
    </dependency>
  </dependencies>
</project>
`
