import type { ConfigRead } from '../config/read-config.ts'
import { kafkaCheck } from '../kafka/kafka-check.ts'
import type { Check } from '../pipeline/check.ts'
import { postgresCheck } from '../postgres/postgres-check.ts'
import { storeCheck } from '../postgres/store-check.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { OutputPlugin } from '../wal/plugin-message.ts'
import { kafkaConnection, kafkaRoles } from './kafka-settings.ts'
import { processorList } from './processors.ts'
import { defaultSourceUrl, findSourceUrl } from './source-url.ts'
import { translatorStore } from './translator-settings.ts'
import { watchingChecks } from './watching-check.ts'

/** What the settings make `run` use: the source first, then each processor's destination, then who watches. */
export function checksOf(read: ConfigRead, plugin: OutputPlugin | undefined, logger: Logger): Check[] {
  const { config } = read
  const { slotName, maxRetainedWal } = config.postgresListener
  const { reads } = kafkaRoles(config)
  const url = findSourceUrl(read)?.url ?? (reads ? undefined : defaultSourceUrl.url)
  const store = translatorStore(config, url === undefined ? { kind: 'kafka' } : { kind: 'postgres', url })
  const storeUrl = typeof store === 'object' ? store.url : undefined
  const translated = storeUrl === url
  return [
    ...(url === undefined ? [] : [postgresCheck({ url, slotName, plugin, maxRetainedWal, translated })]),
    ...(reads ? [topicThatIsRead(read, logger)] : []),
    ...(storeUrl === undefined || translated ? [] : [storeCheck(storeUrl)]),
    ...processorList.flatMap(({ check }) => check?.(config, logger) ?? []),
    ...watchingChecks(config),
  ]
}

function topicThatIsRead({ config }: ConfigRead, logger: Logger): Check {
  const { topic = '', autoCreate } = config.kafka
  const connection = kafkaConnection(config, logger)
  return kafkaCheck({ ...connection, topic, use: 'read', autoCreate, deadLetters: true })
}
