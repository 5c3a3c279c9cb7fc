import { readConfig } from '../config/read-config.ts'
import type { CheckResult } from '../pipeline/check.ts'
import { isOutputPlugin } from '../wal/plugin-message.ts'
import { checksOf } from './checks.ts'
import { commandLogger } from './command-logger.ts'
import { examineSettings } from './examine-settings.ts'
import { interruptible } from './interruptible.ts'
import { printError } from './print-error.ts'
import type { Program } from './program.ts'
import { styled } from './styled.ts'

const marks = { ok: ['✓', 'good'], warning: ['!', 'warning'], error: ['✗', 'bad'] } as const

/** Exit code 0 when nothing is an error, 1 otherwise. */
export const check: Program = async (flags) => {
  const read = readConfig({
    flags,
    environment: process.env,
    examine: examineSettings,
  })
  const logger = commandLogger(read)
  const json = flags['json'] === true
  const plugin = isOutputPlugin(flags['plugin']) ? flags['plugin'] : undefined
  const results: CheckResult[] = []
  await interruptible(
    'check',
    async (signal) => {
      for (const look of checksOf(read, plugin, logger)) {
        const found = await look(signal)
        signal.throwIfAborted()
        results.push(...found)
        if (!json) for (const result of found) process.stdout.write(`${format(result)}\n`)
      }
    },
    (error) => printError(error, { json }),
  )
  const count = (state: CheckResult['state']): number =>
    results.filter((result) => result.state === state).length
  const [errors, warnings] = [count('error'), count('warning')]
  const ok = errors === 0
  process.stdout.write(
    json
      ? `${JSON.stringify({ ok, errors, warnings, results })}\n`
      : `${count('ok')} fine, ${warnings} to think about, ${errors} in the way${ok ? '.' : ': pgstream run would not work.'}\n`,
  )
  return ok ? 0 : 1
}

function format({ about, state, says, remedy }: CheckResult): string {
  const [mark, style] = marks[state]
  const line = `${styled(style, mark, process.stdout)} ${about}: ${says}`
  return remedy === undefined ? line : `${line}\n    ${styled('strong', 'remedy:', process.stdout)} ${remedy}`
}
