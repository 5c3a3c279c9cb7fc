import type { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type pg from 'pg'
import { FrameReader } from './frame-reader.ts'

/** What `pg` has and does not declare: the connection under the client. */
export interface WireConnection extends EventEmitter {
  readonly stream: Socket
  sendCopyFromChunk(chunk: Buffer): void
  endCopyFrom(): void
}

export const wireOf = (client: pg.Client): WireConnection =>
  (client as unknown as { connection: WireConnection }).connection

/** A frame: its type, its length, then what it carries. */
export const frameHeaderBytes = 5

/**
 * Reads the socket of a client in front of `pg`, which gets only those frames for which `take` gives false: its own reader
 * makes an object and an event of each, and keeps a large one in memory several times over. Nobody else writes where a
 * frame lies. The connection is cut when `take` throws, or when it is not Postgres that speaks.
 */
export function readInFront(
  client: pg.Client,
  take: (bytes: Buffer, start: number, end: number) => boolean,
): void {
  const socket = wireOf(client).stream
  const others = socket.listeners('data')
  const reader = new FrameReader((bytes, start, end) => {
    if (take(bytes, start, end)) return
    for (const listener of others) listener.call(socket, bytes.subarray(start, end))
  })
  socket.on('data', (chunk: Buffer) => {
    try {
      reader.read(chunk)
    } catch (error) {
      socket.destroy(error as Error)
    }
  })
  for (const listener of others) socket.off('data', listener as (chunk: Buffer) => void)
}
