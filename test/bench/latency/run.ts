/** `npm run bench -- latency`: how long after its commit a change is at the receiver of a webhook, at 200 transactions a second. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { RunningCommand } from '../../support/command.ts'
import { startPostgres } from '../../support/postgres.ts'
import { preparedDatabase } from '../../support/source.ts'
import { WebhookApi } from '../../support/webhook-api.ts'
import { subscribe } from '../../support/webhooks.ts'

const [perSecond, seconds] = [200, 20]
const program = fileURLToPath(new URL('../programs/latency-receiver.mjs', import.meta.url))

await using server = await startPostgres({ major: 15, settings: { autovacuum: 'off' } })
await using database = await preparedDatabase({ url: server.url })
await database.query('create table t (id int primary key, text text)')
const receiver = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] })
let said = ''
receiver.stdout.on('data', (text) => (said += String(text)))
await once(receiver.stdout, 'data')
{
  await using api = await WebhookApi.start(database)
  await subscribe(database, `http://127.0.0.1:${said.trim()}/hook`, { table: 't' })
  await api.call('/webhooks/subscriptions')
}
const env = {
  PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
  PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
  PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
}
await using command = new RunningCommand(['run', '--pgurl', database.url], { env })
await command.says(/subscriptions are read/)

/** Each at its time, whether those before are done or not. */
const begun = performance.now()
for (let id = 0; id < perSecond * seconds; id++) {
  const due = begun + (id * 1000) / perSecond
  if (due > performance.now()) await pause(due - performance.now())
  await database.query(`insert into t values ($1, 'some text of a usual length')`, [id])
}
await pause(1_000)
command.child.kill('SIGTERM')
await command.finished
said = ''
receiver.stdin.end()
await once(receiver, 'close')
// the start of the program is in the largest of them
const all = JSON.parse(said) as number[]
const of = (part: number): string => all[Math.ceil(all.length * part) - 1]!.toFixed(2)
console.log(
  `webhooks, ${perSecond} tx/s, ${all.length} changes, commit → receiver: p50 ${of(0.5)} ms, p90 ${of(0.9)} ms, p99 ${of(0.99)} ms`,
)
