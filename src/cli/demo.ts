import { PgstreamError } from '../errors.ts'
import { asPgstreamError } from '../telemetry/as-pgstream-error.ts'
import { connect } from '../postgres/connect.ts'
import { init } from '../postgres/init.ts'
import { painter } from './demo/view/paint.ts'
import { startPostgres } from './demo/server/postgres-server.ts'
import type { PostgresServer } from './demo/server/postgres-server.ts'
import { streamShop } from './demo/shop-stream.ts'
import type { ShopStreamReport } from './demo/shop-stream.ts'
import { makeDatabase, makeTables, shop } from './demo/shop.ts'
import { summary } from './demo/view/summary.ts'
import { teller } from './demo/view/tell.ts'
import type { Tell } from './demo/view/tell.ts'
import type { Program } from './program.ts'
import { stopSignals } from './signals.ts'

interface Visit {
  readonly keep: boolean
  readonly json: boolean
  readonly tell: Tell
  readonly signal: AbortSignal
}

const stopDeadlineMs = 5_000

/** Nothing is left behind, however it ends: the server and its folder go with this process. */
export const demo: Program = async (flags) => {
  const json = flags['json'] === true
  const output = json ? process.stderr : process.stdout
  const paint = painter(output)
  const tell = teller(output, paint)
  const abort = new AbortController()
  const release = stopSignals({
    deadlineMs: stopDeadlineMs,
    onFirst: () => abort.abort(),
    onSecond: () => process.exit(stopped().exitCode),
  })
  try {
    tell.line(paint('strong', 'pgstream demo: what happens in a small shop on Postgres, as a stream'))
    tell.line()
    const report = await visit({ keep: flags['keep'] === true, json, tell, signal: abort.signal })
    tell.line()
    for (const line of summary({ ...report, paint })) tell.line(line)
    return 0
  } catch (error) {
    const { code, exitCode } = asPgstreamError(error)
    if (code === 'PGSTREAM_STDOUT_CLOSED') return exitCode
    throw abort.signal.aborted ? stopped() : error
  } finally {
    release()
  }
}

async function visit({ keep, json, tell, signal }: Visit): Promise<ShopStreamReport> {
  await using server = await tell.step(
    'starting a Postgres',
    () => startPostgres(signal),
    ({ version, port }) => `Postgres ${version} on 127.0.0.1:${port}, in a temporary folder`,
  )
  const url = server.urlOf(shop)
  await tell.step(
    'making a shop',
    () => makeShop(server),
    () => 'a shop with customers, products, orders and their lines',
  )
  await tell.step(
    'pgstream init',
    () => init({ url, signal }),
    ({ slot }) => `pgstream init: triggers, publication and slot ${slot}`,
  )
  tell.line()
  if (!json) {
    tell.line(tell.paint('faint', 'shop=# is what the shop does; below it is what pgstream makes of it.'))
    tell.line()
  }
  if (keep) tell.line(`Connect with: psql ${url}\n`)
  return await streamShop({
    url,
    json,
    keep,
    tell,
    signal,
    onStoryEnd: () => {
      if (!keep) return
      tell.line(`\n${tell.paint('strong', 'Now it is your turn; Ctrl-C ends it. In another terminal:')}`)
      tell.line(`  psql ${url}\n`)
    },
  })
}

async function makeShop(server: PostgresServer): Promise<void> {
  const run = async (database: string, statements: readonly string[]): Promise<void> => {
    const client = await connect(server.urlOf(database))
    try {
      for (const statement of statements) await client.query(statement)
    } finally {
      await client.end()
    }
  }
  await run('postgres', makeDatabase)
  await run(shop, [makeTables])
}

const stopped = (): PgstreamError =>
  new PgstreamError('PGSTREAM_STOPPED_HARD', 'The demo was stopped before its end.', {
    remedy: 'Nothing is left behind. Run it again whenever you like.',
  })
