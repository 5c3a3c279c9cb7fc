import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { httpFront } from '../../support/http-front.ts'
import type { SearchSpace } from '../../support/search.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { benchSpace } from '../bench-services.ts'
import { indexed } from '../indexed.ts'
import { runOurs } from '../our-process.ts'
import type { Limit } from '../scenario.ts'
import type { Written } from '../written.ts'

const program = fileURLToPath(new URL('../programs/bulk-loads.mjs', import.meta.url))

/** As many at once as the indexer sends. */
const atOnce = 3

/** The same requests, sent by the bare client, into an index with the same mapping: nothing is read, decoded or encoded. */
export const bulkLoads: Limit = {
  name: 'bare bulk loader',
  run: async (written) => {
    await using folder = await temporaryFolder()
    await using space = await benchSpace()
    const bodies = folder.file('bodies')
    await recordBodies(written, space, bodies)
    const env = { BENCH_STORE: space.url, BENCH_BODIES: bodies, BENCH_AT_ONCE: String(atOnce) }
    return await runOurs({ program, env, rows: written.rows })
  },
}

/** Leaves an index that has the mapping and no documents. */
async function recordBodies(written: Written, space: SearchSpace, path: string): Promise<void> {
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
  await indexed(written, front.url, space.prefix)
  file.end()
  await once(file, 'finish')
  await emptied(space)
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
