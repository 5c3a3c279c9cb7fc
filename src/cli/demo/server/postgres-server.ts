import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chown, open, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { PgstreamError } from '../../../errors.ts'
import { connect } from '../../../postgres/connect.ts'
import { findPackage } from './find-package.ts'
import { findUser } from './find-user.ts'
import { freePort } from './free-port.ts'
import { installation } from './installation.ts'
import type { Installation } from './installation.ts'
import type { LastWill } from './last-will.ts'
import { bareEnvironment, lastLines, runBinary } from './run-binary.ts'
import type { RunAs } from './run-binary.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { unavailable } from './unavailable.ts'

/** A Postgres of our own, on loopback, in a temporary folder. Disposing ends it and removes the folder. */
export interface PostgresServer extends AsyncDisposable {
  /** Such as `18.4`. */
  readonly version: string
  readonly port: number
  /** Of a superuser. The password is random: who else works on this machine shall not get in. */
  urlOf(database: string): string
}

/** Small, because it lives for seconds; not durable for the same reason; and all of its files in one folder. */
const settings: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  wal_level: 'logical',
  max_connections: '20',
  max_wal_senders: '5',
  max_replication_slots: '5',
  shared_buffers: '16MB',
  dynamic_shared_memory_type: 'mmap',
  max_wal_size: '128MB',
  fsync: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
}

const startDeadlineMs = 30_000
const portAttempts = 5

interface Place {
  readonly folder: string
  readonly user: RunAs
  readonly installed: Installation
  readonly will: LastWill
  readonly password: string
}

/**
 * Starts one from the npm package. Aborting gives up at once.
 * @throws {PgstreamError} PGSTREAM_DEMO_UNAVAILABLE
 */
export async function startPostgres(signal: AbortSignal): Promise<PostgresServer> {
  const native = findPackage()
  const user = await findUser()
  const { folder, will } = await temporaryFolder(user)
  try {
    const installed = await installation(native, user, folder)
    signal.throwIfAborted()
    const place: Place = { folder, user, installed, will, password: randomBytes(8).toString('hex') }
    await makeData(place)
    const port = await startOnFreePort(place, signal)
    return {
      version: installed.version,
      port,
      urlOf: (database) => urlOf(place, port, database),
      [Symbol.asyncDispose]: () => will[Symbol.asyncDispose](),
    }
  } catch (error) {
    await will[Symbol.asyncDispose]()
    signal.throwIfAborted()
    throw error instanceof PgstreamError
      ? error
      : unavailable('The Postgres of the demo did not start.', {
          remedy: 'See the cause. To stream a Postgres that you have, use pgstream init and pgstream run.',
          cause: error,
        })
  }
}

const urlOf = ({ password }: Place, port: number, database: string): string =>
  `postgres://postgres:${password}@127.0.0.1:${port}/${database}`

async function makeData({ folder, user, installed, will, password }: Place): Promise<void> {
  const passwordFile = join(folder, 'password')
  await writeFile(passwordFile, password, { mode: 0o600 })
  if (user.uid !== undefined) await chown(passwordFile, user.uid, user.gid)
  await runBinary(
    join(installed.bin, 'initdb'),
    [
      ...['-D', join(folder, 'data'), '-U', 'postgres', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
      ...['--encoding=UTF8', '--no-locale', '--no-sync', '--no-instructions'],
    ],
    { user, folder, onStart: (child) => will.ends(child) },
  )
  await rm(passwordFile)
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
  await writeFile(join(folder, 'data', 'postgresql.conf'), lines.join(''), { flag: 'a' })
}

/** Somebody may take a port between the look and the start. */
async function startOnFreePort(place: Place, signal: AbortSignal): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort()
    if (port === undefined) throw new Error('no port between 20000 and 29999 is free')
    const logFile = join(place.folder, `server-${attempt}.log`)
    const server = await startServer(place, port, logFile)
    if (await answers(server, urlOf(place, port, 'postgres'), signal)) return port
    const said = await readFile(logFile, 'utf8')
    if (attempt === portAttempts || !said.includes('already in use')) throw new Error(lastLines(said))
  }
}

async function startServer(
  { folder, user, installed, will }: Place,
  port: number,
  logFile: string,
): Promise<ChildProcess> {
  const log = await open(logFile, 'a')
  const server = spawn(join(installed.bin, 'postgres'), ['-D', join(folder, 'data'), '-c', `port=${port}`], {
    ...user,
    cwd: folder,
    env: bareEnvironment,
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  })
  will.ends(server)
  server.on('error', () => undefined)
  await log.close()
  return server
}

/** False when the server ended instead. */
async function answers(server: ChildProcess, url: string, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + startDeadlineMs
  for (;;) {
    await pause(20, undefined, { signal })
    if (server.pid === undefined || server.exitCode !== null || server.signalCode !== null) return false
    try {
      const client = await connect(url)
      await client.end()
      return true
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}
