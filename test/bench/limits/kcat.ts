import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { filledTopic } from '../filled-topic.ts'
import type { Limit } from '../scenario.ts'

/** librdkafka's own program, which copies the values to /dev/null; its clock is its whole life. */
export const kcat: Limit = {
  name: 'kcat',
  run: async (written) => {
    const { address, name } = await filledTopic(written)
    const begun = performance.now()
    const child = spawn('kcat', ['-C', '-q', '-e', '-b', address, '-t', name, '-o', 'beginning'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    const [code] = (await once(child, 'exit')) as [number | null]
    if (code !== 0) throw new Error(`kcat ended with code ${String(code)}`)
    return { rows: written.rows, seconds: (performance.now() - begun) / 1000 }
  },
}
