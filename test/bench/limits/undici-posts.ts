import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { command, runOurs } from '../our-process.ts'
import { startPostReceiver } from '../post-receiver.ts'
import type { Limit } from '../scenario.ts'
import { source } from '../source-settings.ts'
import type { Written } from '../written.ts'

const program = fileURLToPath(new URL('../programs/undici-posts.mjs', import.meta.url))

/** As many at once to each URL as the notifier sends. */
const atOnce = 10

/** The same bodies, posted by undici in a loop; what is read, encoded and signed in ours is ready there. */
export const undiciPosts = (subscribers: number): Limit => ({
  name: `undici, ${subscribers} URLs`,
  run: async (written) => {
    await using folder = await temporaryFolder()
    await using receiver = await startPostReceiver()
    const bodies = folder.file('bodies')
    await writeBodies(written, bodies)
    const env = {
      BENCH_BODIES: bodies,
      BENCH_AT_ONCE: String(atOnce),
      BENCH_URLS: Array.from({ length: subscribers }, (_, i) => `${receiver.url}/hooks/${i}`).join(' '),
    }
    return await runOurs({ program, env, rows: written.rows * subscribers })
  },
})

async function writeBodies(written: Written, path: string): Promise<void> {
  await using slot = await written.slot()
  const { until, rows } = written
  const env = source(written, slot.name)
  await runOurs({ program: command, args: ['run', '--stdout'], env, until, rows, stdout: path })
}
