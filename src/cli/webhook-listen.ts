import { once } from 'node:events'
import { PgstreamError } from '../errors.ts'
import { makeSecret, signingKey } from '../webhook/signature.ts'
import { openWebhookReceiver } from '../webhook/webhook-receiver.ts'
import type { ReceivedNotification } from '../webhook/webhook-receiver.ts'
import { eventText } from './demo/view/event-text.ts'
import { painter } from './demo/view/paint.ts'
import { SchemaMemory } from './demo/view/schema-memory.ts'
import { onOneLine } from './demo/view/value-text.ts'
import type { Program } from './program.ts'
import { stopSignals } from './signals.ts'
import { styled } from './styled.ts'

/** Of the receiver that the Go version comes with. */
const standardAddress = 'localhost:9910'

export const webhookListen: Program = async (flags) => {
  const json = flags['json'] === true
  const given = textOf(flags['secret'])
  const secret = given ?? makeSecret()
  const key = signingKey(secret)
  if (!key) {
    throw new PgstreamError(
      'PGSTREAM_USAGE',
      '--secret is not whsec_ followed by the base64 of 24 to 64 bytes.',
      {
        remedy: 'Leave it out: one is made and shown.',
      },
    )
  }
  const receiver = await openWebhookReceiver({
    address: textOf(flags['address']) ?? standardAddress,
    setting: '--address',
    key,
    onNotification: (received) =>
      void process.stdout.write(`${json ? inJson(received) : inWords(received)}\n`),
  })
  // the sample settings let notifications go to this name, and not to the address
  const hook = `${receiver.url.replace('//127.0.0.1:', '//localhost:')}/webhook`
  process.stderr.write(`${greeting(hook, given === undefined ? secret : undefined)}\n`)
  const stopped = new AbortController()
  const release = stopSignals({
    deadlineMs: 2_000,
    onFirst: () => stopped.abort(),
    onSecond: () => process.exit(130),
  })
  await once(stopped.signal, 'abort')
  await receiver.close()
  release()
  return 0
}

const textOf = (flag: string | boolean | undefined): string | undefined =>
  typeof flag === 'string' ? flag : undefined

function greeting(hook: string, madeSecret: string | undefined): string {
  const listening = `Listening at ${hook}; Ctrl-C stops.`
  if (madeSecret === undefined) return listening
  const body = JSON.stringify({ url: hook, secret: madeSecret })
  return [
    listening,
    'To be told of every change:',
    `  curl http://localhost:9900/webhooks/subscribe -H 'content-type: application/json' -d '${body}'`,
  ].join('\n')
}

const inJson = ({ id, isSigned, event, json }: ReceivedNotification): string =>
  `{"id":${JSON.stringify(id)},"signature":"${isSigned ? 'valid' : 'invalid'}","event":${event ? json : 'null'}}`

const width = 120

function inWords({ id, isSigned, event }: ReceivedNotification): string {
  const mark = isSigned ? styled('good', '✓', process.stdout) : styled('bad', '✗ not signed:', process.stdout)
  const lines = event ? eventText(event, { paint: painter(process.stdout), width, memory }) : ['no change']
  return `${mark} ${lines.join('\n')}  ${styled('dim', `webhook-id ${onOneLine(id)}`, process.stdout)}`
}

const memory = new SchemaMemory()
