import type { StreamWatch } from '../telemetry/stream-watch.ts'
import { formatBytes, formatSeconds } from '../telemetry/format.ts'

const tickMs = 1_000
const clearLine = '\r\u001b[2K'

/**
 * Shows one line on a terminal that is always up to date, below what is written there meanwhile. Returns what takes it
 * away; does nothing where the output is no terminal.
 */
export function showLiveLine(output: NodeJS.WriteStream, watch: StreamWatch): () => void {
  if (!output.isTTY) return () => undefined
  const timer = setInterval(() => {
    const line = liveLine(watch).slice(0, (output.columns || 80) - 1)
    output.write(`${clearLine}${line}\r`)
  }, tickMs)
  timer.unref()
  return () => {
    clearInterval(timer)
    output.write(clearLine)
  }
}

/** `1,234 rows/s · lag 0.3 s · queue 1 % · WAL kept 5.2 MB`, and why it is not ready. */
function liveLine(watch: StreamWatch): string {
  const { rowsPerSecond, lagSeconds, sinks, slot, ready, reasons } = watch.status()
  const fullest = Math.max(0, ...sinks.map(({ queue }) => queue.length / queue.limit))
  const deadLetters = sinks.reduce((sum, sink) => sum + sink.deadLetters, 0)
  return [
    `${Math.round(rowsPerSecond).toLocaleString('en')} rows/s`,
    `lag ${formatSeconds(lagSeconds)}`,
    `queue ${Math.round(fullest * 100)} %`,
    ...(slot?.retained ? [`WAL kept ${formatBytes(slot.retained.retainedBytes)}`] : []),
    ...(deadLetters > 0 ? [`${deadLetters} dead letters`] : []),
    ...(ready ? [] : reasons.slice(0, 1)),
  ].join(' · ')
}
