import { startContainer } from './docker.ts'
import { findOpenSearch } from './search-binaries.ts'
import { startSearchNode } from './search-node.ts'
import { Unavailable } from './service.ts'
import type { Service, StartedService } from './service.ts'

const variable = 'PGSTREAM_TEST_SEARCH_URL'

/** One node of OpenSearch, announced as PGSTREAM_TEST_SEARCH_URL. */
export function searchService(): Service {
  return {
    name: 'OpenSearch',
    usedThrough: 'test/support/search.ts',
    providers: [
      {
        way: 'environment',
        start: async () => {
          const url = process.env[variable]
          if (!url) throw new Unavailable(`${variable} is not set`)
          return describeNode({ url, origin: variable })
        },
      },
      {
        way: 'Docker',
        start: async () => {
          const end = await startContainer({
            service: 'opensearch',
            project: 'opensearch',
            port: 9200,
            variables: {},
          })
          return describeNode({ url: `http://127.0.0.1:${end.port}`, origin: 'Docker', end })
        },
      },
      {
        way: 'local process',
        start: async () => {
          const end = await startSearchNode(await findOpenSearch())
          return describeNode({ url: end.url, origin: 'Maven Central', end })
        },
      },
    ],
  }
}

async function describeNode(node: {
  url: string
  origin: string
  end?: AsyncDisposable
}): Promise<StartedService> {
  const { url, origin, end } = node
  try {
    const answer = await fetch(url)
    const { version } = (await answer.json()) as { version: { distribution?: string; number: string } }
    return {
      about: `${version.distribution ?? 'elasticsearch'} ${version.number} from ${origin} on ${new URL(url).host}`,
      environment: { [variable]: url },
      lacks: [],
      [Symbol.asyncDispose]: async () => end?.[Symbol.asyncDispose](),
    }
  } catch (error) {
    await end?.[Symbol.asyncDispose]()
    const sentence = error instanceof Error ? error.message : String(error)
    throw new Error(`The search store from ${origin} cannot be used: ${sentence}`, { cause: error })
  }
}
