import { connect, isIP } from 'node:net'
import type { Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { ISocketFactory } from 'kafkajs'

const keepAliveMs = 60_000

/**
 * The sockets of one client. kafkajs never lets go of a connection that only stopped answering, and waits for its answers
 * when it is closed: so we keep them, and can break them off.
 */
export class KafkaSockets {
  readonly #open = new Set<Socket>()

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    const server = isIP(host) ? {} : { servername: host }
    const socket = ssl
      ? connectTls({ host, port, ...server, ...ssl }, onConnect)
      : connect({ host, port }, onConnect)
    socket.setKeepAlive(true, keepAliveMs)
    socket.setNoDelay(true)
    socket.setMaxListeners(0) // kafkajs closes a lost one again and again, which adds some
    this.#open.add(socket)
    socket.once('close', () => this.#open.delete(socket))
    return socket
  }

  /** Whoever waits for an answer hears of it; who asks again connects anew. */
  breakOff(why: string): void {
    for (const socket of this.#open) socket.destroy(new Error(why))
  }
}
