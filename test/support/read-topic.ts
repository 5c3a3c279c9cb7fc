import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Kafka, KafkaMessage } from 'kafkajs'
import { kafkaClient } from '../services/kafka-client.ts'
import type { KafkaServers } from '../services/kafka-servers.ts'
import { kafkaServers } from './kafka.ts'

export interface ReadMessage {
  readonly partition: number
  readonly offset: number
  /** Milliseconds since 1970. */
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, string>>
}

/**
 * All messages of a topic, partition after partition, each in its order. By kcat, a client that shares no code with the
 * one we write with; by kafkajs, which cannot read every compression, where kcat is not installed.
 */
export async function readTopic(
  topic: string,
  servers: KafkaServers = kafkaServers(),
): Promise<ReadMessage[]> {
  return kcatIsThere() ? readWithKcat(topic, servers) : readWithKafkajs(topic, kafkaClient(servers))
}

export function kcatIsThere(): boolean {
  return spawnSync('kcat', ['-V']).status === 0
}

export async function readWithKcat(topic: string, servers: KafkaServers): Promise<ReadMessage[]> {
  const messages: ReadMessage[] = []
  for await (const message of messagesOf(topic, servers)) messages.push(message)
  return inOrder(messages)
}

/** All messages of a topic that may be larger than memory, by kcat: of each partition in their order. */
export async function* messagesOf(
  topic: string,
  servers: KafkaServers = kafkaServers(),
): AsyncGenerator<ReadMessage> {
  const broker = ['-b', servers.address.PLAINTEXT, '-X', 'fetch.wait.max.ms=10']
  const parameters = [...broker, '-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-J']
  const kcat = spawn('kcat', parameters, { stdio: ['ignore', 'pipe', 'pipe'] })
  const exited = once(kcat, 'close')
  let said = ''
  kcat.stderr.on('data', (text: Buffer) => (said += text.toString()))
  try {
    for await (const line of createInterface({ input: kcat.stdout.setEncoding('latin1') })) {
      if (line !== '') yield fromKcat(JSON.parse(line) as KcatMessage)
    }
    const [code] = (await exited) as [number | null]
    if (code !== 0) throw new Error(`kcat ended with ${String(code)}: ${said}`)
  } finally {
    kcat.kill()
  }
}

/** As `kcat -J` prints it. */
interface KcatMessage {
  readonly partition: number
  readonly offset: number
  readonly ts: number
  readonly key: string | null
  readonly payload: string | null
  /** Name, value, name, value, … */
  readonly headers?: readonly string[]
}

/** kcat puts the bytes into its JSON as they are, so the text was read one character per byte. */
function fromKcat({ partition, offset, ts, key, payload, headers = [] }: KcatMessage): ReadMessage {
  const bytes = (text: string | null): Buffer | null => (text === null ? null : Buffer.from(text, 'latin1'))
  const texts = headers.map((text) => Buffer.from(text, 'latin1').toString())
  const pairs = texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? '']] : []))
  return {
    partition,
    offset,
    timestamp: ts,
    key: bytes(key),
    value: bytes(payload),
    headers: Object.fromEntries(pairs) as Record<string, string>,
  }
}

export async function readWithKafkajs(topic: string, kafka: Kafka): Promise<ReadMessage[]> {
  const admin = kafka.admin()
  const groupId = `test-reader-${randomBytes(6).toString('hex')}`
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 10 })
  const messages: ReadMessage[] = []
  let joined = false
  try {
    await admin.connect()
    const ends = await admin.fetchTopicOffsets(topic)
    const unread = new Map(
      ends.flatMap(({ partition, low, high }) => (low === high ? [] : [[partition, Number(high)]])),
    )
    if (unread.size === 0) return []
    joined = true
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await new Promise<void>((resolve, reject) => {
      consumer.on('consumer.crash', ({ payload }) => reject(payload.error))
      const eachMessage = async ({ partition, message }: { partition: number; message: KafkaMessage }) => {
        if (Number(message.offset) >= (unread.get(partition) ?? 0)) return
        messages.push(fromKafkajs(partition, message))
        if (Number(message.offset) + 1 === unread.get(partition)) unread.delete(partition)
        if (unread.size === 0) resolve()
      }
      consumer.run({ autoCommit: false, eachMessage }).catch(reject)
    })
  } finally {
    await consumer.disconnect()
    if (joined) await admin.deleteGroups([groupId])
    await admin.disconnect()
  }
  return inOrder(messages)
}

function fromKafkajs(partition: number, message: KafkaMessage): ReadMessage {
  const { key, value, offset, timestamp, headers } = message
  return {
    partition,
    offset: Number(offset),
    timestamp: Number(timestamp),
    key,
    value,
    headers: Object.fromEntries(Object.entries(headers ?? {}).map(([name, text]) => [name, String(text)])),
  }
}

function inOrder(messages: ReadMessage[]): ReadMessage[] {
  return messages.sort((one, other) => one.partition - other.partition || one.offset - other.offset)
}
