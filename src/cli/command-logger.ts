import type { ConfigRead } from '../config/read-config.ts'
import { createLogger } from '../telemetry/pino-logger.ts'
import type { CommandLogger } from '../telemetry/pino-logger.ts'
import { hasColours } from './styled.ts'

/** The log of a command, which begins with what is strange about its configuration. */
export function commandLogger({ config, warnings }: ConfigRead): CommandLogger {
  const logger = createLogger({
    level: config.command.logLevel,
    pretty: process.stderr.isTTY,
    colour: hasColours(process.stderr),
  })
  for (const warning of warnings) logger.warn({}, warning)
  return logger
}
