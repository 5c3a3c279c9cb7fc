import { fileURLToPath } from 'node:url'
import { runCommand, tryCommand } from './run-command.ts'
import { Unavailable } from './service.ts'
import { atTheEnd } from './watchdog.ts'

const composeFile = fileURLToPath(new URL('compose.yaml', import.meta.url))

export interface Container extends AsyncDisposable {
  /** On loopback, for the port of the container that was asked for. */
  readonly port: number
}

/**
 * A service of compose.yaml, healthy, under a project of its own that is taken down when disposed or when this process
 * is gone. `variables` are those of the file.
 */
export async function startContainer(options: {
  service: string
  project: string
  port: number
  variables: Readonly<Record<string, string>>
}): Promise<Container> {
  await needEngine()
  const env = { ...process.env, ...options.variables }
  const compose = ['compose', '-f', composeFile, '-p', `pgstream-test-${process.pid}-${options.project}`]
  const end = atTheEnd('docker "$@" down --volumes', compose)
  try {
    await runCommand('docker', [...compose, 'up', '--detach', '--wait', options.service], { env })
    const address = await runCommand('docker', [...compose, 'port', options.service, String(options.port)], {
      env,
    })
    const port = Number(/:(\d+)\s*$/.exec(address)?.[1])
    return { port, [Symbol.asyncDispose]: () => end[Symbol.asyncDispose]() }
  } catch (error) {
    await end[Symbol.asyncDispose]()
    throw new Unavailable(error instanceof Error ? error.message : String(error))
  }
}

async function needEngine(): Promise<void> {
  const limit = { timeout: 10_000 } // an engine that is about to start answers late or never
  const version = await tryCommand('docker', ['version', '--format', '{{.Server.Version}}'], limit)
  if (!version) throw new Unavailable('no engine answers')
  if (!(await tryCommand('docker', ['compose', 'version'], limit))) throw new Unavailable('it has no compose')
}
