import { join } from 'node:path'
import { majorOf } from './java.ts'
import { fetchFromMaven } from './maven-jars.ts'
import { tryCommand } from './run-command.ts'
import { Unavailable } from './service.ts'

export const kafkaVersion = '4.4.0'

/** What runs a broker without an installation of Kafka. */
export interface KafkaBinaries {
  readonly java: string
  /** A folder of jars. */
  readonly libs: string
}

const oldestJava = 17
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
  const major = majorOf(said)
  if (!(major !== undefined && major >= oldestJava))
    throw new Unavailable(`java is version ${major ?? 'unknown'}, not ${oldestJava} or newer`)
  return java
}

/** The broker, and what prints its log. */
async function findJars(): Promise<string> {
  const folder = await fetchFromMaven({
    name: 'kafka',
    version: kafkaVersion,
    artifacts: [
      `org.apache.kafka:kafka_2.13:${kafkaVersion}`,
      'org.apache.logging.log4j:log4j-slf4j-impl:2.24.3',
    ],
  })
  return join(folder, 'libs')
}
