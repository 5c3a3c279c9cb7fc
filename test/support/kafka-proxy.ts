import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'

/** Of the protocol: https://kafka.apache.org/protocol#protocol_api_keys */
const apis = { produce: 0, fetch: 1, commit: 8, join: 11, heartbeat: 12 } as const
type Api = keyof typeof apis

/** What happens to one request. */
export interface KafkaFault {
  readonly of: Api
  /**
   * `half`: half of it arrives, then the connection is cut. `answer lost`: it arrives, and the connection is cut instead of
   * the answer. `silence`: it arrives, and nothing passes on this connection any more. `late`: nothing passes any more, and
   * it arrives when `arrive` is called, after the client has given up.
   */
  readonly then: 'half' | 'answer lost' | 'silence' | 'late'
}

export interface StruckRequest {
  /** Of a `late` one: it arrives now. Resolves when the broker has answered it. */
  arrive(): Promise<void>
}

/** Stands between a client and a broker, knows where requests begin and what they are for, and breaks them. */
export interface KafkaProxy extends AsyncDisposable {
  /** host:port, for the broker to advertise. */
  readonly address: string
  to(broker: string): void
  /** Strikes the next request of its kind. Resolves when it was struck. */
  faultNext(fault: KafkaFault): Promise<StruckRequest>
  /** Cuts every connection. */
  cut(): void
}

interface Armed {
  readonly fault: KafkaFault
  readonly struck: (request: StruckRequest) => void
}

export async function kafkaProxy(): Promise<KafkaProxy> {
  const armed: Armed[] = []
  const sockets = new Set<Socket>()
  let target = { host: '127.0.0.1', port: 0 }
  const take = (api: number): Armed | undefined => {
    const at = armed.findIndex(({ fault }) => apis[fault.of] === api)
    return at < 0 ? undefined : armed.splice(at, 1)[0]
  }
  const server = createServer((client) => {
    const broker = connect(target)
    for (const socket of [client, broker]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.once('close', () => sockets.delete(socket))
    }
    relay(client, broker, take)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    to: (address) => {
      const [host, port] = address.split(':')
      target = { host: host!, port: Number(port) }
    },
    faultNext: (fault) => new Promise((struck) => armed.push({ fault, struck })),
    cut: () => {
      for (const socket of sockets) socket.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

function relay(client: Socket, broker: Socket, take: (api: number) => Armed | undefined): void {
  /** Nothing passes any more. */
  let isSevered = false
  let lostAnswer: number | null = null
  let answered: (() => void) | null = null
  const cut = (): void => {
    client.resetAndDestroy()
    broker.destroy()
  }
  client.once('close', () => {
    if (!isSevered) broker.destroy()
  })
  broker.once('close', () => {
    if (!isSevered) client.destroy()
  })
  onFrames(client, (frame) => {
    if (isSevered) return
    const found = take(frame.readInt16BE(4))
    if (!found) return void broker.write(frame)
    const { fault, struck } = found
    if (fault.then === 'half') broker.write(frame.subarray(0, frame.length / 2), cut)
    if (fault.then === 'answer lost') lostAnswer = frame.readInt32BE(8)
    if (fault.then === 'answer lost' || fault.then === 'silence') broker.write(frame)
    isSevered = fault.then === 'silence' || fault.then === 'late'
    struck({
      arrive: async () => {
        broker.write(frame)
        await new Promise<void>((resolve) => (answered = resolve))
        broker.destroy()
      },
    })
  })
  onFrames(broker, (frame) => {
    answered?.()
    if (isSevered) return
    if (frame.readInt32BE(4) === lostAnswer) cut()
    else client.write(frame)
  })
}

/** A length of four bytes, which does not count itself, and as much behind it. */
function onFrames(socket: Socket, take: (frame: Buffer) => void): void {
  let kept: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    kept = Buffer.concat([kept, chunk])
    for (;;) {
      const length = kept.length < 4 ? Infinity : 4 + kept.readInt32BE(0)
      if (kept.length < length) return
      take(kept.subarray(0, length))
      kept = kept.subarray(length)
    }
  })
}
