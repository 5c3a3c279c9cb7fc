import { setTimeout as pause } from 'node:timers/promises'
import { connect } from '../../postgres/connect.ts'
import { scenes } from './shop.ts'
import type { Tell } from './view/tell.ts'

export interface PlayOptions {
  readonly url: string
  /** Undefined where only the stream is to be seen. */
  readonly tell: Tell | undefined
  readonly signal: AbortSignal
}

/** Long enough to read a line and what came of it. */
const pauseMs = 700

/** Lives a day in the shop: statement after statement, each shown as psql would show it. Rejects when aborted. */
export async function play({ url, tell, signal }: PlayOptions): Promise<void> {
  const client = await connect(url, { applicationName: 'the shop' })
  try {
    for (const { statements, note } of scenes) {
      await pause(pauseMs, undefined, { signal })
      tell?.line()
      for (const [i, statement] of statements.entries()) {
        const remark = note !== undefined && i === statements.length - 1 ? `  -- ${note}` : ''
        tell?.line(tell.paint('faint', `shop=# ${statement};${remark}`))
        await client.query(statement)
      }
    }
    await pause(pauseMs, undefined, { signal })
  } finally {
    await client.end()
  }
}
