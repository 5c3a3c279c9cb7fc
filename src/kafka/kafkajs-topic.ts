import type { Admin } from 'kafkajs'
import type { TopicDescription } from './kafka-client.ts'

/** As its protocol numbers the kinds of things that have settings. */
const kindTopic = 2

export async function describeTopic(admin: Admin, topic: string): Promise<TopicDescription> {
  const offsets = await admin.fetchTopicOffsets(topic)
  const messages = offsets.reduce((sum, { high, low }) => sum + BigInt(high) - BigInt(low), 0n)
  return { messages, settings: await settingsOf(admin, topic) }
}

async function settingsOf(admin: Admin, topic: string): Promise<ReadonlyMap<string, string>> {
  try {
    const { resources } = await admin.describeConfigs({
      includeSynonyms: false,
      resources: [{ type: kindTopic, name: topic }],
    })
    const entries = resources.flatMap(({ configEntries }) => configEntries)
    return new Map(entries.map(({ configName, configValue }) => [configName, configValue]))
  } catch (error) {
    if ((error as { type?: string }).type === 'TOPIC_AUTHORIZATION_FAILED') return new Map()
    throw error
  }
}
