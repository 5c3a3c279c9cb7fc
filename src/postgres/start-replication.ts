import { formatLsn } from '../wal/lsn.ts'
import type { Lsn } from '../wal/lsn.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'

/** START_REPLICATION with what the decoder of the plugin needs. `from` 0/0 means: where the slot stands. */
export function startReplication(options: {
  plugin: OutputPlugin
  slot: string
  publication: string
  from: Lsn
}): string {
  const { plugin, slot, publication, from } = options
  const list = Object.entries(pluginParameters(plugin, publication)).map(
    ([name, value]) => `"${name}" '${value.replaceAll("'", "''")}'`,
  )
  return `START_REPLICATION SLOT "${slot}" LOGICAL ${formatLsn(from)} (${list.join(', ')})`
}

/** What the decoder of the plugin relies on. */
export const pluginParameters = (plugin: OutputPlugin, publication: string): Record<string, string> =>
  plugin === 'pgoutput' ? pgoutputParameters(publication) : wal2jsonParameters

const pgoutputParameters = (publication: string): Record<string, string> => ({
  proto_version: '1',
  publication_names: `"${publication}"`,
  messages: 'true',
})

const wal2jsonParameters: Record<string, string> = {
  'format-version': '2',
  'include-transaction': 'true',
  'include-lsn': 'true',
  'include-timestamp': 'true',
  'include-xids': 'true',
  'include-type-oids': 'true',
}
