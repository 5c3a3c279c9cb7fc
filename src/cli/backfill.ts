import { splitPatterns } from '../wal/table-pattern.ts'
import { PgstreamError } from '../errors.ts'
import type { BackfillProgress } from '../postgres/backfill/backfill-progress.ts'
import { backfillStatus, cancelBackfill, startBackfill } from '../postgres/backfill/request-backfill.ts'
import { describeBackfilled } from '../telemetry/backfill-status.ts'
import { readTarget } from './database-task.ts'
import type { Program } from './program.ts'
import { styled } from './styled.ts'

const actions = { start: startBackfill, status: backfillStatus, cancel: cancelBackfill } as const
type Action = keyof typeof actions

const isAction = (word: string): word is Action => Object.hasOwn(actions, word)

const nothing = (action: Action, tables: readonly string[] | undefined): string => {
  const which = tables === undefined ? '' : ` of ${tables.join(', ')}`
  switch (action) {
    case 'start':
      return 'There is no table to backfill.'
    case 'status':
      return `Nobody asked for a backfill${which} yet: pgstream backfill start`
    case 'cancel':
      return `There is no backfill${which} to cancel.`
  }
}

export const backfill: Program = async (flags, action = '') => {
  if (!isAction(action)) {
    const sentence = `pgstream backfill cannot ${JSON.stringify(action)}.`
    throw new PgstreamError('PGSTREAM_USAGE', sentence, { remedy: 'It can start, status and cancel.' })
  }
  const { source, slotName } = readTarget(flags).target
  const tables = typeof flags['tables'] === 'string' ? splitPatterns(flags['tables']) : undefined
  const progress = await actions[action]({ url: source.url, slotName, tables })
  if (flags['json'] === true) {
    process.stdout.write(`${JSON.stringify({ ok: true, tables: progress })}\n`)
    return 0
  }
  const lines = progress.length === 0 ? [nothing(action, tables)] : columns(progress.map(cells))
  const isWaiting = action === 'start' && progress.some(({ state }) => state === 'waiting')
  const next = isWaiting ? ['The rows come as soon as pgstream run reads this slot.'] : []
  process.stdout.write([...lines, ...next].map((line) => `${line}\n`).join(''))
  return 0
}

const states = {
  waiting: 'dim',
  running: 'strong',
  done: 'good',
  cancelled: 'dim',
  failed: 'warning',
} as const

const cells = (
  progress: BackfillProgress,
): readonly [name: string, state: BackfillProgress['state'], rest: string] => [
  `${progress.schema}.${progress.table}`,
  progress.state,
  describeBackfilled(progress),
]

function columns(rows: readonly ReturnType<typeof cells>[]): string[] {
  const widest = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, state, rest]) => {
    const word = styled(states[state], state.padEnd(9), process.stdout)
    return `${name.padEnd(widest)}  ${word}  ${rest}`.trimEnd()
  })
}
