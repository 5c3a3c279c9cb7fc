import type { Logger } from '../../src/telemetry/logger.ts'

export interface HeardLine {
  readonly level: keyof Logger
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A logger, and what was said to it so far. */
export function heardLogger(): { logger: Logger; lines: readonly HeardLine[] } {
  const lines: HeardLine[] = []
  const level =
    (name: keyof Logger) =>
    (fields: object, message: string): void =>
      void lines.push({ level: name, message, fields: { ...fields } })
  return {
    logger: { debug: level('debug'), info: level('info'), warn: level('warn'), error: level('error') },
    lines,
  }
}
