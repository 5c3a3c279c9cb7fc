/** Answers 204 to notifications; what each took since its commit, in milliseconds, is written to stdout at the end of stdin. */
import { createServer } from 'node:http'

const latencies = []
const server = createServer((request, response) => {
  const now = performance.timeOrigin + performance.now()
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    response.writeHead(204).end()
    const { timestamp } = JSON.parse(Buffer.concat(chunks).toString()).Data
    const [, second, fraction] = /^(.*?)(\.\d+)?\+00$/.exec(timestamp)
    latencies.push(now - Date.parse(`${second.replace(' ', 'T')}Z`) - Number(fraction ?? 0) * 1000)
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.resume().on('end', () => {
  console.log(JSON.stringify(latencies.sort((a, b) => a - b)))
  process.exit()
})
