import type { Writable } from 'node:stream'
import { modules } from '../config/fields.ts'
import type { ConfigRead } from '../config/read-config.ts'
import { PgstreamError } from '../errors.ts'
import type { Listener } from '../pipeline/contracts.ts'
import { postgresListener } from '../postgres/postgres-listener.ts'
import { parsePostgresUrl, redactUrl } from '../postgres/postgres-url.ts'
import { slotNameFor } from '../postgres/slot-name.ts'
import { recordedListener } from '../recorded-listener.ts'
import { stdoutWriter } from '../stdout/stdout-writer.ts'
import type { Logger } from '../telemetry/logger.ts'
import { findSourceUrl } from './source-url.ts'

export interface BuiltPipeline {
  readonly listener: Listener
  readonly processor: Writable
  /** What runs, for the log. */
  readonly about: Readonly<Record<string, unknown>>
}

type Source = Omit<BuiltPipeline, 'processor'>

/**
 * Makes what the settings ask for, from a recorded file if one is given; nothing is connected yet.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when there is no listener or no processor.
 */
export function buildPipeline(read: ConfigRead, logger: Logger, recording?: string): BuiltPipeline {
  const { stdoutWriter: stdout } = read.config
  const source = recording === undefined ? postgresSource(read, logger) : recordedSource(recording, logger)
  if (!source || !stdout.enabled) throw incomplete(!source, !stdout.enabled)

  const { listener, about } = source
  const processor = stdoutWriter({
    checkpointer: listener.checkpointer,
    maxQueueBytes: stdout.maxQueueBytes,
    batchSize: stdout.batchSize,
    batchBytes: stdout.batchBytes,
  })
  return { listener, processor, about: { ...about, processors: ['stdout'] } }
}

function postgresSource(read: ConfigRead, logger: Logger): Source | undefined {
  const found = findSourceUrl(read)
  if (found === undefined) return undefined
  const { url, from } = found
  const slotName = slotNameFor(parsePostgresUrl(url).database, read.config.postgresListener.slotName)
  return {
    listener: postgresListener({ url, slotName, logger }),
    about: { source: redactUrl(url), from, slot: slotName },
  }
}

const recordedSource = (file: string, logger: Logger): Source => ({
  listener: recordedListener(file, { logger }),
  about: { source: file },
})

function incomplete(noListener: boolean, noProcessor: boolean): PgstreamError {
  const missing = [
    ...(noListener ? [`no listener (set ${modules.postgresListener.enabledBy})`] : []),
    ...(noProcessor ? [`no processor (set ${modules.stdoutWriter.enabledBy})`] : []),
  ]
  return new PgstreamError('PGSTREAM_CONFIG_INVALID', `There is ${missing.join(' and ')}.`, {
    remedy: 'Set what is named, in the environment, in a file (-c) or by its flag.',
  })
}
