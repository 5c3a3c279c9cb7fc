import type { logCreator } from 'kafkajs'
import type { Logger } from '../telemetry/logger.ts'

const levels: Readonly<Record<number, string>> = { 1: 'error', 2: 'warn', 4: 'info', 5: 'debug' }

/** Said elsewhere in the line, or of use to nobody. */
const own = new Set(['message', 'timestamp', 'logger', 'stack'])

/**
 * What the client says goes to the debug level, whatever it calls it: it reports every attempt as an error, also those
 * that succeed a moment later. What matters reaches us as a rejection, and is told once.
 */
export const kafkaLog =
  (logger: Logger): logCreator =>
  () =>
  ({ namespace, level, log }) => {
    const fields = Object.entries(log).filter(([name]) => !own.has(name))
    const kafkajs = levels[level] ?? level
    logger.debug({ ...Object.fromEntries(fields), kafkajs }, `${namespace}: ${log.message}`)
  }
