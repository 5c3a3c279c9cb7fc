import type { ChangeEvent } from '../../../src/wal/event.ts'
import { WireJsonReader } from '../../../src/wal/read-wire-json.ts'
import type { ReadMessage } from '../read-topic.ts'
import { namedChange } from './change-of-event.ts'
import type { NamedChange } from './judge-lives.ts'

export interface StoredChange {
  readonly partition: number
  readonly key: string | null
  readonly change: NamedChange
}

/** What messages of a topic say, in the words of the journal. */
export function kafkaChanges(messages: readonly ReadMessage[]): StoredChange[] {
  const reader = new WireJsonReader()
  return messages.map(({ partition, key, value }) => {
    const event: ChangeEvent = reader.read(value!.toString(), null)
    return { partition, key: key?.toString() ?? null, change: namedChange(event) }
  })
}
