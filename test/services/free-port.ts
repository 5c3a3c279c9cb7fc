import { freePort as tryFreePort } from '../../src/cli/demo/server/free-port.ts'

/** A server that is restarted finds its port free. */
export async function freePort(): Promise<number> {
  const port = await tryFreePort()
  if (port === undefined) throw new Error('No free port between 20000 and 29999 was found')
  return port
}
