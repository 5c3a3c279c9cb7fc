import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { FrameFollower } from './frame-follower.ts'
import type { StrikePlace } from './frame-follower.ts'
import { readStartupPacket } from './startup-packet.ts'

/** `reset` is what a crashed peer or a firewall sends, `end` a peer that closes in order. */
export type Cut = 'reset' | 'end'

export type ConnectionKind = 'replication' | 'query'

/** What happens to one connection, at the first of the places that are named; at once if none is. */
export interface Fault extends StrikePlace {
  /** `swallow`: it stays open, and nothing passes any more in either direction. */
  readonly then: Cut | 'swallow'
  /** Only a connection of this kind is struck. Default: any. */
  readonly of?: ConnectionKind | undefined
}

/** How bytes of the server travel. */
export interface Pace {
  /** Every chunk is held for so long, one after the other. */
  readonly delayMs?: number | undefined
  /** The most bytes that travel together. */
  readonly chunkBytes?: number | undefined
}

/** A fault that waits for its connection. */
export interface ArmedFault {
  readonly fault: Fault
  readonly struck: () => void
}

export interface Surroundings {
  readonly target: { readonly host: string; readonly port: number }
  readonly pace: () => Pace
  readonly faultFor: (kind: ConnectionKind) => ArmedFault | undefined
}

/** A client's connection, and the one that was made to the server for it. */
export class ProxiedConnection {
  /** Null until the client has said what it wants. */
  kind: ConnectionKind | null = null
  readonly #client: Socket
  readonly #surroundings: Surroundings
  readonly #follower = new FrameFollower()
  #server: Socket | null = null
  #armed: ArmedFault | undefined
  /** What arrives is read and thrown away, and nobody is told of anything. */
  #isSevered = false

  constructor(client: Socket, surroundings: Surroundings) {
    this.#client = client
    this.#surroundings = surroundings
    client.setNoDelay(true)
    client.on('error', () => undefined)
    this.#run().catch(() => this.cut('reset'))
  }

  /** The client is connected to us. */
  get open(): boolean {
    return !this.#client.destroyed
  }

  /** Whole frames of the server that were passed on. */
  get frames(): number {
    return this.#follower.frames
  }

  /** Bytes of the server that were passed on. */
  get bytes(): number {
    return this.#follower.bytes
  }

  cut(how: Cut): void {
    this.#isSevered = true
    if (how === 'reset') reset(this.#client)
    else this.#client.end()
    this.#server?.destroy()
  }

  /** Neither side hears of the other any more, not even that it is gone. */
  swallow(): void {
    this.#isSevered = true
  }

  close(): void {
    this.#client.destroy()
    this.#server?.destroy()
  }

  async #run(): Promise<void> {
    let first: Buffer = Buffer.alloc(0)
    for await (const chunk of this.#client.iterator({ destroyOnReturn: false })) {
      first = Buffer.concat([first, chunk as Buffer])
      const read = readStartupPacket(first)
      if (read?.packet.kind === 'encrypt') {
        this.#client.write('N')
        first = first.subarray(read.length)
      } else if (read) {
        const parameters = read.packet.kind === 'start' ? read.packet.parameters : new Map<string, string>()
        this.kind = parameters.has('replication') ? 'replication' : 'query'
        break
      }
    }
    if (this.kind === null) return this.close()
    this.#armed = this.#surroundings.faultFor(this.kind)
    const server = connect(this.#surroundings.target)
    this.#server = server
    server.setNoDelay(true)
    server.on('error', () => undefined)
    if (this.#beforePlace(Buffer.alloc(0)).struck) this.#strike()
    if (!this.#isSevered) server.write(first)
    await Promise.all([this.#fromClient(server), this.#fromServer(server)])
  }

  async #fromClient(server: Socket): Promise<void> {
    try {
      for await (const chunk of this.#client) {
        if (!this.#isSevered) await written(server, chunk as Buffer)
      }
      if (!this.#isSevered) server.end()
    } catch {
      if (!this.#isSevered) reset(server)
    }
  }

  async #fromServer(server: Socket): Promise<void> {
    try {
      for await (const chunk of server) {
        if (this.#isSevered) continue
        const { passed, struck } = this.#beforePlace(chunk as Buffer)
        await this.#passOn(passed)
        if (struck) this.#strike()
      }
      if (!this.#isSevered) this.#client.end()
    } catch {
      if (!this.#isSevered) reset(this.#client)
    }
  }

  #beforePlace(chunk: Buffer): { readonly passed: Buffer; readonly struck: boolean } {
    const fault = this.#armed?.fault
    if (!fault) return this.#follower.take(chunk, {})
    const { afterFrames, insideFrame, afterBytes } = fault
    const isAtOnce = afterFrames === undefined && insideFrame === undefined && afterBytes === undefined
    return this.#follower.take(chunk, isAtOnce ? { afterBytes: 0 } : fault)
  }

  #strike(): void {
    const armed = this.#armed
    if (!armed) return
    this.#armed = undefined
    if (armed.fault.then === 'swallow') this.swallow()
    else this.cut(armed.fault.then)
    armed.struck()
  }

  async #passOn(bytes: Buffer): Promise<void> {
    const { delayMs = 0, chunkBytes = Infinity } = this.#surroundings.pace()
    if (delayMs > 0) await pause(delayMs)
    for (let at = 0; at < bytes.length && !this.#isSevered; at += chunkBytes) {
      await written(this.#client, bytes.subarray(at, at + chunkBytes))
      if (chunkBytes < Infinity) await nextTurn()
    }
  }
}

/** Without `destroy`, Node would first say in order that it ends. */
function reset(socket: Socket): void {
  if (!socket.destroyed) socket.resetAndDestroy().destroy()
}

/** Until the operating system has taken it. */
async function written(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.write(bytes, (error) => (error ? reject(error) : resolve()))
  })
}
