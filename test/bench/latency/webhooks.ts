/** How long after its commit a change is at the receiver of a webhook. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { setTimeout as pause } from 'node:timers/promises'
import { atRate, tell, twoHundred } from './at-rate.ts'
import { durableLatencies } from './durable.ts'
import { benchPostgres } from '../bench-services.ts'
import { RunningCommand } from '../../support/command.ts'
import { preparedDatabase } from '../../support/source.ts'
import { WebhookApi } from '../../support/webhook-api.ts'
import { subscribe } from '../../support/webhooks.ts'

const program = fileURLToPath(new URL('../programs/latency-receiver.mjs', import.meta.url))

await using server = await benchPostgres()
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
await using durable = await durableLatencies()
const env = {
  ...durable.env,
  PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL: database.url,
  PGSTREAM_WEBHOOK_SUBSCRIPTION_SERVER_ADDRESS: 'localhost:0',
  PGSTREAM_WEBHOOK_NOTIFIER_ALLOWED_TARGETS: '127.0.0.1',
}
await using command = new RunningCommand(['run', '--pgurl', database.url], { env })
await command.says(/subscriptions are read/)

await atRate(twoHundred, (id) =>
  database.query(`insert into t values ($1, 'some text of a usual length')`, [id]),
)
await pause(1_000)
const delivered = await durable.end(command)
said = ''
receiver.stdin.end()
await once(receiver, 'close')
tell('webhooks, commit → durable', twoHundred, delivered)
tell('webhooks, commit → receiver', twoHundred, JSON.parse(said) as number[], { p50: 2 })
