import type { Writable } from 'node:stream'
import { modules } from '../config/fields.ts'
import type { ConfigRead } from '../config/read-config.ts'
import { PgstreamError } from '../errors.ts'
import type { Listener } from '../pipeline/contracts.ts'
import { postgresListener } from '../postgres/postgres-listener.ts'
import { parsePostgresUrl, redactUrl } from '../postgres/postgres-url.ts'
import { slotNameFor } from '../postgres/slot-name.ts'
import { stdoutWriter } from '../stdout/stdout-writer.ts'
import type { Logger } from '../telemetry/logger.ts'
import { findSourceUrl } from './source-url.ts'

export interface BuiltPipeline {
  readonly listener: Listener
  readonly processor: Writable
  /** What runs, for the log. */
  readonly about: Readonly<Record<string, unknown>>
}

/**
 * Makes what the settings ask for; nothing is connected yet.
 * @throws {PgstreamError} PGSTREAM_CONFIG_INVALID when there is no listener or no processor.
 */
export function buildPipeline(read: ConfigRead, logger: Logger): BuiltPipeline {
  const { postgresListener: source, stdoutWriter: stdout } = read.config
  const found = findSourceUrl(read)
  if (found === undefined || !stdout.enabled) throw incomplete(found === undefined, !stdout.enabled)

  const { url, from } = found
  const slotName = slotNameFor(parsePostgresUrl(url).database, source.slotName)
  const listener = postgresListener({ url, slotName, logger })
  const processor = stdoutWriter({
    checkpointer: listener.checkpointer,
    maxQueueBytes: stdout.maxQueueBytes,
    batchSize: stdout.batchSize,
    batchBytes: stdout.batchBytes,
  })
  return {
    listener,
    processor,
    about: { source: redactUrl(url), from, slot: slotName, plugin: 'pgoutput', processors: ['stdout'] },
  }
}

function incomplete(noListener: boolean, noProcessor: boolean): PgstreamError {
  const missing = [
    ...(noListener ? [`no listener (set ${modules.postgresListener.enabledBy})`] : []),
    ...(noProcessor ? [`no processor (set ${modules.stdoutWriter.enabledBy})`] : []),
  ]
  return new PgstreamError('PGSTREAM_CONFIG_INVALID', `There is ${missing.join(' and ')}.`, {
    remedy: 'Set what is named, in the environment, in a file (-c) or by its flag.',
  })
}
