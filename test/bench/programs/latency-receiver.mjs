/** Answers 204 to notifications; what each took since its commit, in milliseconds, is written to stdout at the end of stdin. */
import { createServer } from 'node:http'
import { sinceCommit } from './since-commit.mjs'

const latencies = []
const server = createServer((request, response) => {
  const now = performance.timeOrigin + performance.now()
  const chunks = []
  request.on('data', (chunk) => chunks.push(chunk))
  request.on('end', () => {
    response.writeHead(204).end()
    latencies.push(sinceCommit(JSON.parse(Buffer.concat(chunks).toString()).Data, now))
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.resume().on('end', () => {
  process.stdout.write(JSON.stringify(latencies), () => process.exit())
})
