import type { KafkaMessage } from './kafka-client.ts'
import { headerFields } from './message-headers.ts'

/** Of a record besides key, value and headers: lengths, attributes, deltas of time and offset, as varints. */
const recordOverhead = 40
const headerOverhead = 6

/** An upper bound of what a message takes in a record batch of format 2 (https://kafka.apache.org/documentation/#record). */
function encodedBytes(message: KafkaMessage): number {
  if (message.size !== undefined) return message.size
  const { key, value, headers } = message
  let bytes = recordOverhead + (value?.length ?? 0) + (key?.length ?? 0)
  for (const [name, header] of headerFields(headers))
    bytes += headerOverhead + name.length + (header?.length ?? 0)
  return bytes
}

/** Cuts a list, in order, into parts of at most so many bytes; a larger message is a part of its own. */
export function cutByBytes(messages: readonly KafkaMessage[], most: number): (readonly KafkaMessage[])[] {
  const parts: (readonly KafkaMessage[])[] = []
  let from = 0
  let bytes = 0
  for (let i = 0; i < messages.length; i++) {
    const more = encodedBytes(messages[i]!)
    if (i > from && bytes + more > most) {
      parts.push(messages.slice(from, i))
      from = i
      bytes = 0
    }
    bytes += more
  }
  if (from < messages.length) parts.push(from === 0 ? messages : messages.slice(from))
  return parts
}
