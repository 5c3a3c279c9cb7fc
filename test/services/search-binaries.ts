import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findJdk } from './java.ts'
import type { Jdk } from './java.ts'
import { fetchFromMaven } from './maven-jars.ts'
import { runCommand } from './run-command.ts'
import { Unavailable } from './service.ts'

/** What runs a node of a search store without an installation of it. */
export interface SearchBinaries {
  readonly name: 'OpenSearch' | 'Elasticsearch'
  readonly version: string
  readonly jdk: Jdk
  /** Holds `classes` with the main class, and `libs`. */
  readonly folder: string
  readonly mainClass: string
}

interface OpenSearchVersion {
  readonly version: string
  readonly leastJava: number
  readonly mostJava: number
}

/** Later ones lack modules in Maven Central; version 3 does not run on Debian's Java. */
const openSearchVersions: readonly OpenSearchVersion[] = [
  { version: '3.8.0', leastJava: 21, mostJava: Infinity },
  { version: '2.19.6', leastJava: 17, mostJava: 21 },
]
const elasticsearchVersion = '7.17.29'

let openSearch: Promise<SearchBinaries> | undefined
let olderOpenSearch: Promise<SearchBinaries> | undefined
let elasticsearch: Promise<SearchBinaries> | undefined

/** The newest version that a Java of this machine runs, from Maven Central, fetched once into `.cache`. */
export function findOpenSearch(): Promise<SearchBinaries> {
  openSearch ??= chooseOpenSearch(openSearchVersions)
  return openSearch
}

/** The one for Debian's Java, also where there is a newer one. */
export function findOlderOpenSearch(): Promise<SearchBinaries> {
  olderOpenSearch ??= chooseOpenSearch(openSearchVersions.slice(-1))
  return olderOpenSearch
}

async function chooseOpenSearch(versions: readonly OpenSearchVersion[]): Promise<SearchBinaries> {
  for (const { version, leastJava, mostJava } of versions) {
    const jdk = await findJdk(leastJava, mostJava)
    if (!jdk) continue
    const module = (name: string): string => `org.opensearch.plugin:${name}:${version}`
    const folder = await fetch(jdk, 'OpenSearchNode', {
      name: 'opensearch',
      version,
      artifacts: [
        `org.opensearch:opensearch:${version}`,
        module('transport-netty4-client'),
        module('reindex-client'),
        module('lang-painless'),
        module('analysis-common'),
        module('mapper-extras-client'),
        // optional in the model of OpenSearch, and needed
        'org.apache.logging.log4j:log4j-core:2.25.4',
        'org.locationtech.spatial4j:spatial4j:0.7',
        'org.locationtech.jts:jts-core:1.15.0',
      ],
      pinned: ['org.apache.logging.log4j:log4j-api:2.25.4', 'org.apache.logging.log4j:log4j-jul:2.25.4'],
    })
    return { name: 'OpenSearch', version, jdk, folder, mainClass: 'OpenSearchNode' }
  }
  throw new Unavailable('there is no JDK of version 17 or newer (java and javac)')
}

/** The same for the last version of Elasticsearch whose modules are there. */
export function findElasticsearch(): Promise<SearchBinaries> {
  elasticsearch ??= chooseElasticsearch()
  return elasticsearch
}

async function chooseElasticsearch(): Promise<SearchBinaries> {
  const version = elasticsearchVersion
  const jdk = await findJdk(17, 21)
  if (!jdk) throw new Unavailable('there is no JDK from version 17 to 21 (java and javac)')
  const module = (name: string): string => `org.elasticsearch.plugin:${name}:${version}`
  const folder = await fetch(jdk, 'ElasticsearchNode', {
    name: 'elasticsearch',
    version,
    artifacts: [
      `org.elasticsearch:elasticsearch:${version}`,
      module('transport-netty4-client'),
      module('reindex-client'),
      module('mapper-extras-client'),
    ],
  })
  return { name: 'Elasticsearch', version, jdk, folder, mainClass: 'ElasticsearchNode' }
}

async function fetch(
  jdk: Jdk,
  mainClass: string,
  bundle: Omit<Parameters<typeof fetchFromMaven>[0], 'finish'>,
): Promise<string> {
  const sources = [mainClass, 'Serving'].map((name) =>
    fileURLToPath(new URL(`java/${name}.java`, import.meta.url)),
  )
  const compile = async (folder: string): Promise<void> => {
    const parameters = [
      '-nowarn',
      '-cp',
      join(folder, 'libs', '*'),
      '-d',
      join(folder, 'classes'),
      ...sources,
    ]
    await runCommand(join(jdk.home, 'bin/javac'), parameters)
  }
  return fetchFromMaven({ ...bundle, finish: compile })
}
