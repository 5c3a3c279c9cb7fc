/**
 * Takes POST requests and answers 204, with as little work as there can be: a receiver that is slower than who sends would be
 * what is measured. Writes its port to stdout.
 */
import { createServer } from 'node:net'

const answer = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n')
const endOfHead = Buffer.from('\r\n\r\n')
const lengthName = Buffer.from('content-length: ')

const server = createServer((socket) => {
  socket.setNoDelay()
  socket.on('error', () => socket.destroy())
  let pending = null
  /** Of the body that is arriving. */
  let missing = 0
  socket.on('data', (chunk) => {
    let at = 0
    let answers = 0
    if (pending) {
      chunk = Buffer.concat([pending, chunk])
      pending = null
    }
    while (at < chunk.length) {
      if (missing === 0) {
        const end = chunk.indexOf(endOfHead, at)
        if (end < 0) {
          pending = chunk.subarray(at)
          break
        }
        const length = chunk.indexOf(lengthName, at) + lengthName.length
        missing = Number(chunk.latin1Slice(length, chunk.indexOf(13, length)))
        at = end + 4
      }
      const here = Math.min(missing, chunk.length - at)
      missing -= here
      at += here
      if (missing === 0) answers++
    }
    for (; answers > 0; answers--) socket.write(answer)
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
