import { once } from 'node:events'
import { createServer } from 'node:net'

/**
 * A loopback port that nobody listens on right now, below the range from which systems take the ports of outgoing
 * connections. Undefined when a hundred guesses were all taken.
 */
export async function freePort(): Promise<number | undefined> {
  for (let guess = 0; guess < 100; guess += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    if (await isFree(port)) return port
  }
  return undefined
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
