import { modules } from '../config/fields.ts'
import type { Module } from '../config/field.ts'
import type { Config } from '../config/fields.ts'
import type { Check } from '../pipeline/check.ts'
import type { MakeSink } from '../pipeline/fan-out.ts'
import { kafkaCheck } from '../kafka/kafka-check.ts'
import { kafkaWriter } from '../kafka/kafka-writer.ts'
import { parsePostgresUrl } from '../postgres/postgres-url.ts'
import { slotNameFor } from '../postgres/slot-name.ts'
import { sourcePlace } from '../postgres/source-place.ts'
import { stdoutWriter } from '../stdout/stdout-writer.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { SubscriptionServerOptions } from '../webhook/subscription-server.ts'
import { webhookCheck } from '../webhook/webhook-check.ts'
import { webhookNotifier } from '../webhook/webhook-notifier.ts'
import { kafkaConnection, kafkaRoles } from './kafka-settings.ts'
import { retryPolicy } from './retry-settings.ts'
import { searchSink, searchSinkCheck } from './search-settings.ts'

export interface ProcessorEntry {
  /** For the log. */
  readonly name: string
  readonly module: Module
  /** How to make it; null when the settings do not ask for it. */
  readonly from: (config: Config, logger: Logger) => MakeSink | null
  /** How `pgstream check` looks at its destination; null when the settings do not ask for it. */
  readonly check?: (config: Config, logger: Logger) => Check | null
}

/** Every processor there is. Those that are configured run, all of them. */
export const processorList: readonly ProcessorEntry[] = [
  { name: 'kafka', module: modules.kafkaWriter, from: kafkaSink, check: kafkaSinkCheck },
  { name: 'webhooks', module: modules.webhookNotifier, from: webhookSink, check: webhookSinkCheck },
  { name: 'search', module: modules.searchIndexer, from: searchSink, check: searchSinkCheck },
  {
    name: 'stdout',
    module: modules.stdoutWriter,
    from: ({ stdoutWriter: { enabled, ...settings } }) =>
      enabled ? (checkpointer) => stdoutWriter({ checkpointer, ...settings }) : null,
  },
]

function kafkaSink(config: Config, logger: Logger): MakeSink | null {
  const { writesTo } = kafkaRoles(config)
  if (writesTo === null) return null
  const { topicPartitions, replicationFactor, autoCreate } = config.kafka
  const connection = kafkaConnection(config, logger)
  const settings = { ...config.kafkaWriter, topicPartitions, replicationFactor, autoCreate, topic: writesTo }
  const url = config.command.pgurl ?? config.postgresListener.url
  const transactionalId =
    url === undefined
      ? groupName(config, writesTo)
      : (): Promise<string> => streamName(url, config.postgresListener.slotName, writesTo)
  return (checkpointer) => kafkaWriter({ ...connection, ...settings, transactionalId, checkpointer })
}

/** The same in every member of a group that copies a topic to another, and in no other; undefined for a recording. */
function groupName({ kafka, kafkaListener }: Config, to: string): string | undefined {
  const { groupId } = kafkaListener
  return groupId === undefined ? undefined : ['pgstream', 'group', groupId, kafka.topic, to].join('/')
}

/** The same in every process that copies a slot to a topic, and in no other. */
async function streamName(url: string, askedSlot: string | undefined, topic: string): Promise<string> {
  const { systemIdentifier } = await sourcePlace(url)
  const slot = slotNameFor(parsePostgresUrl(url).database, askedSlot)
  return ['pgstream', systemIdentifier, slot, topic].join('/')
}

function kafkaSinkCheck(config: Config, logger: Logger): Check | null {
  const { writesTo } = kafkaRoles(config)
  if (writesTo === null) return null
  const { autoCreate } = config.kafka
  const deadLetters = config.kafkaWriter.oversize === 'dead-letter'
  const connection = kafkaConnection(config, logger)
  return kafkaCheck({ ...connection, topic: writesTo, use: 'write', autoCreate, deadLetters })
}

function webhookSink(config: Config, logger: Logger): MakeSink | null {
  const { webhookNotifier: settings } = config
  const { storeUrl } = settings
  if (storeUrl === undefined) return null
  const [server, retry] = [subscriptionServer(config), retryPolicy(settings)]
  return (checkpointer) => webhookNotifier({ ...settings, storeUrl, server, retry, logger, checkpointer })
}

function webhookSinkCheck(config: Config, logger: Logger): Check | null {
  const { storeUrl, allowedTargets } = config.webhookNotifier
  if (storeUrl === undefined) return null
  return webhookCheck({ storeUrl, allowedTargets, server: subscriptionServer(config), logger })
}

const subscriptionServer = ({ webhookNotifier: settings }: Config): SubscriptionServerOptions => ({
  address: settings.serverAddress,
  token: settings.serverToken,
  readTimeout: settings.serverReadTimeout,
  writeTimeout: settings.serverWriteTimeout,
})
