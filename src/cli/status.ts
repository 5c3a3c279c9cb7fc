import { readConfig } from '../config/read-config.ts'
import { describeError } from '../telemetry/describe-error.ts'
import { formatBytes, formatSeconds } from '../telemetry/format.ts'
import { describeRetainedWal } from '../telemetry/retained-wal.ts'
import type { RetainedWal } from '../telemetry/retained-wal.ts'
import type { StreamStatus } from '../telemetry/stream-status.ts'
import { lookAtSlot } from '../postgres/look-at-slot.ts'
import { redactUrl } from '../postgres/postgres-url.ts'
import { askRunning } from './ask-running.ts'
import type { Program } from './program.ts'
import { defaultSourceUrl, findSourceUrl } from './source-url.ts'

/** Exit code 0 when the slot is there and usable, and the pgstream that was asked, if any, is ready. */
export const status: Program = async (flags) => {
  const read = readConfig({ flags, environment: process.env, unavailable: 'mention' })
  const { slotName, maxRetainedWal } = read.config.postgresListener
  const { url } = findSourceUrl(read) ?? defaultSourceUrl
  const address = read.config.telemetry.opsAddress
  const [slot, running] = await Promise.all([
    lookAtSlot({ url, slotName, maxRetainedWal }).catch((error: unknown) => describeError(error)),
    address ? askRunning(address) : null,
  ])
  const retained = 'retainedBytes' in slot ? slot : null
  const problem = 'retainedBytes' in slot ? null : slot
  const answer = running && 'sinks' in running ? running : null
  const silence = running && !('sinks' in running) ? running : null
  const ok = retained !== null && retained.level !== 'lost' && silence === null && answer?.ready !== false
  if (flags['json'] === true) {
    process.stdout.write(
      `${JSON.stringify({ ok, slot: retained, problem, running: answer, notReached: silence })}\n`,
    )
    return ok ? 0 : 1
  }
  const lines = [
    `${redactUrl(url)}`,
    ...(retained
      ? describeSlot(retained)
      : [`error: ${problem!.message}`, `remedy: ${problem!.remedy ?? ''}`]),
    ...(answer ? describeRunning(answer) : []),
    ...(silence ? [`pgstream at ${silence.url} does not answer: ${silence.message}`] : []),
    ...(address
      ? []
      : ['What a running pgstream does is told with --ops-address, if it was started with the same.']),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return ok ? 0 : 1
}

function describeSlot(retained: RetainedWal): string[] {
  const { slot, plugin, activePid, confirmedLsn, currentLsn, lagBytes } = retained
  return [
    `slot ${slot} (${plugin ?? 'no plugin'}): ${activePid === null ? 'read by nobody' : `read by pid ${activePid}`}`,
    `confirmed ${confirmedLsn ?? 'nothing'}, the server is at ${currentLsn}: ${formatBytes(lagBytes)} behind`,
    describeRetainedWal(retained),
  ]
}

function describeRunning({
  pid,
  ready,
  reasons,
  rowsPerSecond,
  lagSeconds,
  rows,
  sinks,
}: StreamStatus): string[] {
  return [
    `pgstream (pid ${pid}): ${ready ? 'ready' : `not ready: ${reasons.join(' ')}`}`,
    `${rows.toLocaleString('en')} rows since its start, ${Math.round(rowsPerSecond).toLocaleString('en')} per second, lag ${formatSeconds(lagSeconds)}`,
    ...sinks.map(({ name, operations, queue, retries, deadLetters, commitToDurableMs: told }) => {
      const waiting = queue.unit === 'bytes' ? formatBytes(queue.length) : `${queue.length} events`
      const late = told ? `, from commit to durable p50 ${ms(told.p50)}, p99 ${ms(told.p99)}` : ''
      return `  ${name}: ${operations.toLocaleString('en')} delivered, ${waiting} waiting, ${retries} retries, ${deadLetters} dead letters${late}`
    }),
  ]
}

const ms = (value: number): string =>
  value < 1_000 ? `${Math.round(value)} ms` : formatSeconds(value / 1_000)
