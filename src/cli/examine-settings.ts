import type { Config } from '../config/fields.ts'
import { PgstreamError } from '../errors.ts'
import { parsePostgresUrl } from '../postgres/postgres-url.ts'
import { slotNameFor } from '../postgres/slot-name.ts'
import { subscriptionAddress } from '../webhook/subscription-server.ts'
import { TargetGuard } from '../webhook/target-guard.ts'
import { kafkaLogin, kafkaRoles, kafkaServers, kafkaTls } from './kafka-settings.ts'
import { otlpSettings } from './otlp-settings.ts'
import { searchConnectionSettings } from './search-settings.ts'
import { twoSources } from './source-url.ts'
import { translatorStore } from './translator-settings.ts'

type Look = (config: Config) => unknown

/** A value that has a reader of its own, with the name of the setting. */
const readBy =
  (
    name: string,
    value: (config: Config) => string | boolean | undefined,
    read: (text: string) => unknown,
  ): Look =>
  (config) => {
    const text = value(config)
    if (typeof text !== 'string') return
    try {
      read(text)
    } catch (error) {
      if (!(error instanceof PgstreamError)) throw error
      throw new PgstreamError('PGSTREAM_CONFIG_INVALID', `${name}: ${error.message}`, {
        remedy: error.remedy,
      })
    }
  }

const ofPostgres = (name: string, url: (config: Config) => string | boolean | undefined): Look =>
  readBy(name, url, parsePostgresUrl)

const looks: readonly Look[] = [
  ofPostgres('PGSTREAM_PGURL', ({ command }) => command.pgurl),
  ofPostgres('PGSTREAM_POSTGRES_LISTENER_URL', ({ postgresListener }) => postgresListener.url),
  ofPostgres('PGSTREAM_WEBHOOK_SUBSCRIPTION_STORE_URL', ({ webhookNotifier }) => webhookNotifier.storeUrl),
  ofPostgres('PGSTREAM_TRANSLATOR_ENABLED', ({ translator }) => translator.enabled),
  ofPostgres('PGSTREAM_TRANSLATOR_STORE_POSTGRES_URL', ({ translator }) => translator.storeUrl),
  readBy(
    'PGSTREAM_POSTGRES_LISTENER_SLOT_NAME (or --slot-name)',
    ({ postgresListener }) => postgresListener.slotName,
    (name) => slotNameFor('', name),
  ),
  ({ command, postgresListener, kafkaListener }) => {
    const from =
      command.pgurl === undefined ? 'PGSTREAM_POSTGRES_LISTENER_URL' : 'PGSTREAM_PGURL (or --pgurl)'
    if ((command.pgurl ?? postgresListener.url) && kafkaListener.groupId) throw twoSources(from)
  },
  kafkaRoles,
  kafkaServers,
  kafkaLogin,
  kafkaTls,
  searchConnectionSettings,
  (config) => translatorStore(config, sourceOf(config)),
  otlpSettings,
  ({ webhookNotifier: { storeUrl, serverAddress, serverToken } }) =>
    storeUrl !== undefined && subscriptionAddress({ address: serverAddress, token: serverToken }),
  ({ webhookNotifier: { storeUrl, allowedTargets } }) =>
    storeUrl !== undefined && new TargetGuard(allowedTargets),
]

/** What is wrong with values that can be read, each by itself or together: all of it. */
export function examineSettings(config: Config): readonly PgstreamError[] {
  return looks.flatMap((look) => {
    try {
      look(config)
      return []
    } catch (error) {
      if (error instanceof PgstreamError) return error
      throw error
    }
  })
}

function sourceOf({
  command,
  postgresListener,
  kafkaListener,
}: Config): Parameters<typeof translatorStore>[1] {
  const url = command.pgurl ?? postgresListener.url
  if (url !== undefined) return { kind: 'postgres', url }
  return { kind: kafkaListener.groupId === undefined ? 'recording' : 'kafka' }
}
