import type { Paint } from './paint.ts'

/** What the demo says beside the stream. */
export interface Tell {
  readonly paint: Paint
  line(text?: string): void
  /** A step that takes a moment: on a terminal a line counts the seconds until there is what came of it. */
  step<T>(doing: string, work: () => Promise<T>, done: (result: T) => string): Promise<T>
}

const tickMs = 100

export function teller(output: NodeJS.WriteStream, paint: Paint): Tell {
  const line = (text = ''): void => void output.write(`${text}\n`)
  return {
    paint,
    line,
    async step(doing, work, done) {
      const startedAt = performance.now()
      const seconds = (): string => ((performance.now() - startedAt) / 1000).toFixed(1)
      const show = (): void => void output.write(`\r\u001b[2K${paint('faint', `… ${doing} ${seconds()} s`)}`)
      let timer: NodeJS.Timeout | undefined
      if (output.isTTY) {
        show()
        timer = setInterval(show, tickMs)
      }
      try {
        const result = await work()
        if (output.isTTY) output.write('\r\u001b[2K')
        line(`${paint('added', '✓')} ${done(result)} ${paint('faint', `(${seconds()} s)`)}`)
        return result
      } catch (error) {
        if (output.isTTY) output.write('\r\u001b[2K')
        throw error
      } finally {
        clearInterval(timer)
      }
    },
  }
}
