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
    ...(process.stderr.isTTY ? { destination: overLiveLine } : {}),
  })
  for (const warning of warnings) logger.warn({}, warning)
  return logger
}

/** The line that is always up to date may stand where this one goes. */
const overLiveLine = {
  write: (line: string): void => void process.stderr.write(`\r\u001b[2K${line}`),
}
