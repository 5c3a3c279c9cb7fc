import { randomBytes } from 'node:crypto'
import { findElasticsearch, findOlderOpenSearch, findOpenSearch } from '../services/search-binaries.ts'
import type { SearchBinaries } from '../services/search-binaries.ts'
import { startSearchNode } from '../services/search-node.ts'
import type { SearchNode } from '../services/search-node.ts'
import { leftOpen } from './left-open.ts'

/** The node that `npm test` started, or that the environment names. */
export function searchUrl(): string {
  const url = process.env['PGSTREAM_TEST_SEARCH_URL']
  if (url) return url
  throw new Error(
    'This test needs a search store: run npm test, or npm test -- --services and set the variables that it prints.',
  )
}

/** Part of a node that one test has to itself. Disposing deletes every index of it. */
export interface SearchSpace extends AsyncDisposable {
  readonly url: string
  /** The beginning of the names of its indices and aliases. */
  readonly prefix: string
  /** Asks the node; the prefix is the caller's business. Rejects when the answer is no success. */
  readonly ask: <Answer>(method: string, path: string, body?: unknown) => Promise<Answer>
}

export function searchSpace(url = searchUrl()): SearchSpace {
  const prefix = `test-${randomBytes(6).toString('hex')}-`
  leftOpen.add(`indices ${prefix}*`)
  const ask: SearchSpace['ask'] = (method, path, body) => askSearch(`${url}/${path}`, method, body)
  return {
    url,
    prefix,
    ask,
    [Symbol.asyncDispose]: async () => {
      try {
        await ask('DELETE', `${prefix}*?expand_wildcards=all`)
      } catch (error) {
        if (!(error instanceof TypeError)) throw error // a node of the test's own that is down keeps nothing
      }
      leftOpen.delete(`indices ${prefix}*`)
    },
  }
}

async function askSearch<Answer>(url: string, method: string, body: unknown): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${url} was answered with ${answer.status}: ${text}`)
  return JSON.parse(text) as Answer
}

/** A node of this test's own, to be stopped, killed or set otherwise. It dies with this process. */
export const startOpenSearch = async (
  settings: Readonly<Record<string, string>> = {},
  javaOptions: readonly string[] = [],
): Promise<SearchNode> => start(findOpenSearch, settings, javaOptions)

/** Of the version for Debian's Java, also where there is a newer one. */
export const startOlderOpenSearch = async (): Promise<SearchNode> => start(findOlderOpenSearch, {})

export const startElasticsearch = async (): Promise<SearchNode> => start(findElasticsearch, {})

async function start(
  find: () => Promise<SearchBinaries>,
  settings: Readonly<Record<string, string>>,
  javaOptions: readonly string[] = [],
): Promise<SearchNode> {
  const binaries = await find().catch((cause: unknown) => {
    throw new Error('A search store of the tests needs a JDK and Maven: test/README.md', { cause })
  })
  const node = await startSearchNode(binaries, settings, javaOptions)
  leftOpen.add(`search store ${node.url}`)
  return {
    ...node,
    [Symbol.asyncDispose]: async () => {
      await node[Symbol.asyncDispose]()
      leftOpen.delete(`search store ${node.url}`)
    },
  }
}
