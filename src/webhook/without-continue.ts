import type { Socket } from 'node:net'

const begin = 'HTTP/1.1 100'
const end = '\r\n\r\n'
const [h, one] = [0x48, 0x31]

/** The head of such an answer is not longer. */
const mostHeldBytes = 64 * 1024

/**
 * Takes `100 Continue` that nobody asked for out of what a connection reads: a client has to pass over it (RFC 9110, 15.2), and
 * undici takes it for a broken answer. A piece of a body that looks like one is taken out, too: bodies of answers do not matter.
 */
export function withoutContinue(socket: Socket): void {
  const read = socket.read.bind(socket) as (size?: number) => Buffer | null
  let held: Buffer | null = null
  socket.read = (size?: number): Buffer | null => {
    for (;;) {
      const chunk = read(size)
      if (chunk === null) return null
      if (held === null && (chunk[0] !== h || (chunk.length > 9 && chunk[9] !== one))) return chunk
      let data = held ? Buffer.concat([held, chunk]) : chunk
      held = null
      for (let at = endOf(data); at > 0; at = endOf(data)) data = data.subarray(at)
      const isWhole =
        data.length > mostHeldBytes || !begin.startsWith(data.toString('latin1', 0, begin.length))
      if (data.length > 0 && isWhole) return data
      held = data.length > 0 ? data : null
    }
  }
}

/** Where the first one ends; 0 when what comes first is something else, or its end has not come. */
function endOf(data: Buffer): number {
  const at = data.toString('latin1', 0, begin.length) === begin ? data.indexOf(end) : -1
  return at < 0 ? 0 : at + end.length
}
