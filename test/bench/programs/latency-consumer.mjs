/**
 * Reads the topic of argv by kcat, which shares no code with the writer; what each change took since its commit until kcat had
 * printed it, in milliseconds, is written to stdout at the end of stdin. The first line says that it reads.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { sinceCommit } from './since-commit.mjs'

const [servers, topic] = process.argv.slice(2)
const kcat = spawn('kcat', ['-C', '-q', '-u', '-b', servers, '-t', topic, '-o', 'beginning'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const latencies = []
let isFirst = true
createInterface({ input: kcat.stdout }).on('line', (line) => {
  const now = performance.timeOrigin + performance.now()
  const change = JSON.parse(line)
  if (change.table !== 't') return
  if (isFirst) console.log('reading')
  else latencies.push(sinceCommit(change, now))
  isFirst = false
})
process.stdin.resume().on('end', () => {
  kcat.kill()
  process.stdout.write(JSON.stringify(latencies), () => process.exit())
})
