/**
 * Lets a program find servers of the tests at the ports where everybody has them: PGSTREAM_TEST_USUAL_PORTS is a list of
 * `5432=40123`. So commands and settings that people copy from a README run as they stand there.
 */
import { Socket } from 'node:net'

const ports = new Map(
  (process.env.PGSTREAM_TEST_USUAL_PORTS ?? '').split(',').map((pair) => pair.split('=').map(Number)),
)
const connect = Socket.prototype.connect

Socket.prototype.connect = function (...args) {
  // Node itself calls with what it has made of the parameters: a list of options and callback
  const options = Array.isArray(args[0]) ? args[0][0] : args[0]
  if (typeof options === 'object' && options !== null) {
    const port = ports.get(Number(options.port))
    if (port !== undefined) Object.assign(options, { port, host: '127.0.0.1' })
  } else if (ports.has(Number(options))) {
    args.splice(0, typeof args[1] === 'string' ? 2 : 1, ports.get(Number(options)), '127.0.0.1')
  }
  return connect.apply(this, args)
}
