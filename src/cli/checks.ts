import type { ConfigRead } from '../config/read-config.ts'
import { kafkaCheck } from '../kafka/kafka-check.ts'
import type { Check } from '../pipeline/check.ts'
import { postgresCheck } from '../postgres/postgres-check.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { kafkaConnection, kafkaRoles } from './kafka-settings.ts'
import { processorList } from './processors.ts'
import { defaultSourceUrl, findSourceUrl } from './source-url.ts'

/** What the settings make `run` use: the source first, then each processor's destination. */
export function checksOf(read: ConfigRead, plugin: OutputPlugin | undefined, logger: Logger): Check[] {
  const { config } = read
  const { slotName, maxRetainedWal } = config.postgresListener
  const { reads } = kafkaRoles(config)
  const url = findSourceUrl(read)?.url ?? (reads ? undefined : defaultSourceUrl.url)
  return [
    ...(url === undefined ? [] : [postgresCheck({ url, slotName, plugin, maxRetainedWal })]),
    ...(reads ? [topicThatIsRead(read, logger)] : []),
    ...processorList.flatMap(({ check }) => check?.(config, logger) ?? []),
  ]
}

function topicThatIsRead({ config }: ConfigRead, logger: Logger): Check {
  const { topic = '', autoCreate } = config.kafka
  return kafkaCheck({ ...kafkaConnection(config, logger), topic, use: 'read', autoCreate })
}
