import { MessagePasser } from './message-passer.ts'
import { PostgresListener } from './postgres-listener.ts'
import type { PostgresListenerOptions } from './postgres-listener.ts'

/**
 * Reads a slot as `postgresListener` does, and hands on what its plugin wrote instead of events. Ends with the connection,
 * and changes nothing in the database.
 */
export const slotMessages = (options: PostgresListenerOptions): PostgresListener =>
  new PostgresListener(options, {
    openMessages: (plugin, emit) => new MessagePasser(plugin, emit),
    reconnect: false,
    keepIdentities: false,
  })
