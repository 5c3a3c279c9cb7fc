import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { ChangeEvent } from '../wal/event.ts'
import { WireJsonReader } from '../wal/read-wire-json.ts'
import { readListenAddress } from './listen-address.ts'
import { listen, stopListening } from '../telemetry/listen.ts'
import { readBody } from './read-body.ts'
import { isSigned } from './signature.ts'
import type { SigningKey } from './signing-key.ts'

/** What a notification holds. */
export interface ReceivedNotification {
  readonly id: string
  readonly isSigned: boolean
  /** The change; null when the body is something else. */
  readonly event: ChangeEvent | null
  /** Its wire JSON, in one line. */
  readonly json: string
}

export interface WebhookReceiverOptions {
  /** `host:port`; port 0 takes one that is free. */
  readonly address: string
  /** For messages: what the address was set by. */
  readonly setting: string
  readonly key: SigningKey
  /** Called before the answer. */
  readonly onNotification: (received: ReceivedNotification) => void
}

export interface WebhookReceiver {
  readonly url: string
  close(): Promise<void>
}

const mostBodyBytes = 64 * 1024 * 1024

/**
 * A receiver to try things out with: answers 204 to what is signed as it should be, 401 to what is not, 400 to what is no
 * notification.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID, PGSTREAM_ADDRESS_IN_USE
 */
export async function openWebhookReceiver(options: WebhookReceiverOptions): Promise<WebhookReceiver> {
  const address = readListenAddress(options.address, options.setting)
  const reader = new WireJsonReader()
  const server = createServer((request, response) => {
    const answer = (status: number): void => void response.writeHead(status).end()
    receive(request, reader, options).then(answer, () => request.destroy())
  })
  server.keepAliveTimeout = 60_000
  const url = await listen(server, address, options.setting)
  return { url, close: async () => stopListening(server) }
}

async function receive(
  request: IncomingMessage,
  reader: WireJsonReader,
  { key, onNotification }: WebhookReceiverOptions,
): Promise<number> {
  if (request.method !== 'POST') return 405
  const body = await readBody(request, mostBodyBytes)
  if (!body) return 413
  const json = /^\{"Data":(.*)\}$/s.exec(body.toString('utf8'))?.[1] ?? ''
  const received: ReceivedNotification = {
    id: String(request.headers['webhook-id'] ?? ''),
    isSigned: isSigned(key, request.headers, body),
    event: readEvent(reader, json),
    // within texts there are none, and who prints it may be read line by line
    json: json.replace(/[\r\n]+/g, ' '),
  }
  onNotification(received)
  if (!received.isSigned) return 401
  return received.event ? 204 : 400
}

function readEvent(reader: WireJsonReader, json: string): ChangeEvent | null {
  try {
    return reader.read(json, null)
  } catch {
    return null
  }
}
