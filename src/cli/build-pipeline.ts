import type { Duplex, Writable } from 'node:stream'
import { modules } from '../config/fields.ts'
import type { Config } from '../config/fields.ts'
import type { ConfigRead } from '../config/read-config.ts'
import { PgstreamError } from '../errors.ts'
import { kafkaListener } from '../kafka/kafka-listener.ts'
import type { Listener } from '../pipeline/contracts.ts'
import { fanOut } from '../pipeline/fan-out.ts'
import { tableFilter } from '../pipeline/filter.ts'
import { tableChoice } from '../pipeline/table-choice.ts'
import type { TableLists } from '../pipeline/table-choice.ts'
import { backfill } from '../postgres/backfill/backfill.ts'
import { postgresListener } from '../postgres/postgres-listener.ts'
import { parsePostgresUrl, redactUrl } from '../postgres/postgres-url.ts'
import { slotNameFor } from '../postgres/slot-name.ts'
import { recordedListener } from '../recorded-listener.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SinkMetrics } from '../telemetry/sink-metrics.ts'
import type { WatchedSink } from '../telemetry/stream-watch.ts'
import { kafkaConnection, kafkaRoles } from './kafka-settings.ts'
import { processorList } from './processors.ts'
import { retryPolicy } from './retry-settings.ts'
import { findSourceUrl, twoSources } from './source-url.ts'
import { translatorStage } from './translator-settings.ts'
import type { SourceKind } from './translator-settings.ts'

/** One that takes events out of its queue before it hands them on says how many. */
type Stage = Duplex & { readonly heldLength?: number }

export interface BuiltPipeline {
  readonly listener: Listener
  readonly stages: readonly Stage[]
  readonly processor: Writable
  /** What the processors know of themselves. */
  readonly sinks: readonly WatchedSink[]
  /** What to guard; null for sources without a slot. */
  readonly slot: { readonly url: string; readonly slotName: string } | null
  /** What runs, for the log. */
  readonly about: Readonly<Record<string, unknown>>
}

type Source = Pick<BuiltPipeline, 'listener' | 'slot' | 'about'> & { readonly source: SourceKind }

/**
 * Makes what the settings ask for, from a recorded file if one is given; nothing is connected yet.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when there is no listener or no processor.
 */
export function buildPipeline(read: ConfigRead, logger: Logger, recording?: string): BuiltPipeline {
  const source = recording === undefined ? liveSource(read, logger) : recordedSource(recording, logger)
  const processors = processorList.flatMap(({ name, from }) => {
    const make = from(read.config, logger)
    return make ? { name, make } : []
  })
  if (!source || processors.length === 0) throw incomplete(!source, processors.length === 0)

  const { listener, about, slot } = source
  const sinks: WatchedSink[] = []
  const filter = readFilter(read)
  const translator = translatorStage(read.config, source.source, logger)
  return {
    listener,
    // the filter last: entries that the translator puts before their place are filtered, too
    stages: [...(translator ? [translator] : []), ...(filter ? [tableFilter(filter)] : [])],
    processor: fanOut(
      listener.checkpointer,
      processors.map(({ name, make }) => (checkpointer) => {
        const sink = make(checkpointer)
        if ('metrics' in sink && sink.metrics instanceof SinkMetrics)
          sinks.push({ name, metrics: sink.metrics })
        return sink
      }),
    ),
    sinks,
    slot,
    about: {
      ...about,
      ...filter,
      translated: translator !== null,
      processors: processors.map(({ name }) => name),
    },
  }
}

function readFilter({ config }: ConfigRead): TableLists | null {
  const { includeTables: include, excludeTables: exclude } = config.filter
  return include || exclude ? { include, exclude } : null
}

function liveSource(read: ConfigRead, logger: Logger): Source | undefined {
  const postgres = postgresSource(read, logger)
  const kafka = kafkaSource(read.config, logger)
  if (postgres && kafka) throw twoSources(String(postgres.about['from']))
  return postgres ?? kafka
}

function kafkaSource(config: Config, logger: Logger): Source | undefined {
  const { topic = '', replicationFactor } = config.kafka
  const { groupId = '', startOffset, sessionTimeoutMs } = config.kafkaListener
  if (!kafkaRoles(config).reads) return undefined
  const connection = kafkaConnection(config, logger)
  const commitRetry = retryPolicy(config.kafkaListener)
  return {
    slot: null,
    listener: kafkaListener({
      ...connection,
      topic,
      groupId,
      startOffset,
      sessionTimeoutMs,
      replicationFactor,
      commitRetry,
    }),
    about: { source: `kafka topic ${topic}`, group: groupId },
    source: { kind: 'kafka' },
  }
}

function postgresSource(read: ConfigRead, logger: Logger): Source | undefined {
  const found = findSourceUrl(read)
  if (found === undefined) return undefined
  const { url, from } = found
  const { slotName: asked, backfill: isFirst } = read.config.postgresListener
  const slotName = slotNameFor(parsePostgresUrl(url).database, asked)
  const listener = postgresListener({ url, slotName, logger })
  const choice = tableChoice(readFilter(read) ?? {})
  backfill(listener, {
    tables: isFirst ? ['*.*'] : undefined,
    wants: (schema, table) => choice.wants(schema, table),
  })
  return {
    slot: { url, slotName },
    listener,
    about: { source: redactUrl(url), from, slot: slotName },
    source: { kind: 'postgres', url },
  }
}

const recordedSource = (file: string, logger: Logger): Source => ({
  slot: null,
  listener: recordedListener(file, { logger }),
  about: { source: file },
  source: { kind: 'recording' },
})

function incomplete(noListener: boolean, noProcessor: boolean): PgstreamError {
  const enabledBy = processorList.flatMap(({ module }) => module.enabledBy ?? [])
  const missing = [
    ...(noListener
      ? [`no listener (set ${modules.postgresListener.enabledBy}; ${modules.kafkaListener.enabledBy})`]
      : []),
    ...(noProcessor ? [`no processor (set ${enabledBy.join('; ')})`] : []),
  ]
  return new PgstreamError('PGSTREAM_CONFIG_INVALID', `There is ${missing.join(' and ')}.`, {
    remedy: 'Set what is named, in the environment, in a file (-c) or by its flag.',
  })
}
