import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A loopback port that nobody listens on, below the range from which systems take the ports of outgoing connections: a
 * server that is restarted finds its port free.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if (await isFree(port)) return port
  }
  throw new Error('No free port between 20000 and 29999 was found')
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}
