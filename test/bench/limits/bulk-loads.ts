import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { httpFront } from '../../support/http-front.ts'
import type { SearchSpace } from '../../support/search.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { benchSpace } from '../bench-services.ts'
import type { Measured } from '../measured.ts'
import { runOurs } from '../our-process.ts'
import type { Limit } from '../scenario.ts'
import type { Written } from '../written.ts'

const program = fileURLToPath(new URL('../programs/bulk-loads.mjs', import.meta.url))

/** As many at once as the indexer sends. */
const atOnce = 3

/** What pgstream does to a store. */
export type Indexing = (written: Written, url: string, prefix: string) => Promise<Measured>

/** The same requests, sent by the bare client, into an index with the same mapping: nothing is read, decoded or encoded. */
export const bulkLoads = (name: string, indexing: Indexing): Limit => ({
  name,
  run: async (written) => {
    await using folder = await temporaryFolder()
    await using space = await benchSpace()
    const bodies = folder.file('bodies')
    const { rows } = await recordBodies((url) => indexing(written, url, space.prefix), space, bodies)
    const env = { BENCH_STORE: space.url, BENCH_BODIES: bodies, BENCH_AT_ONCE: String(atOnce) }
    return await runOurs({ program, env, rows })
  },
})

/** Leaves an index that has the mapping and no documents. */
async function recordBodies(
  indexing: (url: string) => Promise<Measured>,
  space: SearchSpace,
  path: string,
): Promise<Measured> {
  await using front = await httpFront(space.url)
  const file = createWriteStream(path)
  front.interfere(({ path: asked, body }) => {
    // those for rows only: what is kept of tables goes by the same way
    if (asked.includes('require_alias') && body.includes(`"_index":"${space.prefix}public"`)) {
      const length = Buffer.alloc(4)
      length.writeUInt32LE(body.length)
      file.write(length)
      file.write(body)
    }
    return false
  })
  const measured = await indexing(front.url)
  file.end()
  await once(file, 'finish')
  await emptied(space)
  return measured
}

async function emptied({ ask, prefix }: SearchSpace): Promise<void> {
  const [index, alias] = [`${prefix}public-1`, `${prefix}public`]
  const found = await ask<Record<string, { mappings: unknown }>>('GET', `${index}/_mapping`)
  await ask('DELETE', index)
  await ask('PUT', index, {
    settings: { number_of_shards: 1, number_of_replicas: 0, 'index.gc_deletes': '1h' },
    mappings: found[index]!.mappings,
    aliases: { [alias]: {} },
  })
}
