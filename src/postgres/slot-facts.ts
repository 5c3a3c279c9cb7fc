import { connect } from './connect.ts'
import { fromPostgres } from './postgres-error.ts'
import { readFacts } from './read-knowledge.ts'
import type { SlotOfPlugin } from './read-knowledge.ts'
import { sessionSettings } from './replication-connection.ts'
import type { SourceFact } from './source-knowledge.ts'

/** What a decoder of this slot's messages has to know beside them, by a connection of its own. */
export async function* slotFacts(url: string, slot: SlotOfPlugin): AsyncGenerator<SourceFact> {
  const client = await connect(url, { settings: sessionSettings })
  try {
    yield* readFacts({ query: (sql) => client.query(sql) }, slot)
  } catch (cause) {
    throw fromPostgres(cause, 'asking for types and tables')
  } finally {
    await client.end()
  }
}
