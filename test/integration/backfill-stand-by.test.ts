import assert from 'node:assert/strict'
import { test } from 'node:test'
import { filled } from '../support/backfill/fill.ts'
import { pgstream, RunningCommand } from '../support/command.ts'
import { postgresSources } from '../support/postgres.ts'
import { preparedDatabase } from '../support/source.ts'
import { eventually } from '../support/wait.ts'

/** What was read is at most this: little is on its way when nobody reads stdout. */
const smallQueue = {
  PGSTREAM_STDOUT_WRITER_MAX_QUEUE_BYTES: '16KiB',
  PGSTREAM_STDOUT_WRITER_BATCH_BYTES: '16KiB',
}
const rows = 20_000

/** Of existing rows, in whole lines: the last may be cut by a kill. */
const idsOf = (stdout: string): number[] =>
  stdout
    .split('\n')
    .slice(0, -1)
    .filter((line) => line.includes('"snapshot":true'))
    .map((line) => (JSON.parse(line) as { columns: { value: number }[] }).columns[0]!.value)

for (const source of postgresSources()) {
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    test(`${source.label}: a second run leaves the backfill to the first, and ends it when that is gone by ${signal}`, async () => {
      await using database = await preparedDatabase(source, {
        before: ({ query }) =>
          query(
            `create table items (id int primary key, note text);
             insert into items select i, repeat('x', 100) from generate_series(1, ${rows}) as i`,
          ),
      })
      const { url } = database
      const args = ['run', '--stdout', '--pgurl', url]
      const run = async (): Promise<string | null> => {
        const [found] = await database.query<{ run: string | null; state: string }>(
          'select run, state from pgstream.backfills',
        )
        assert.ok(found?.state !== 'done')
        return found?.run ?? null
      }
      await using first = new RunningCommand(args, { keepUnread: true, env: smallQueue })
      await first.says(/reading the replication slot/)
      const started = await pgstream(['backfill', 'start', '--pgurl', url])
      assert.equal(started.code, 0, started.stderr)
      await eventually(async () => (await run()) !== null, { about: 'The first chunk' })
      const owner = await run()

      await using second = new RunningCommand(args)
      await second.says(/PGSTREAM_SLOT_ACTIVE/)
      const looked = await pgstream(['backfill', 'status', '--json', '--pgurl', url])
      assert.match(looked.stdout, /"state": ?"running"/)
      assert.equal(await run(), owner, 'it is still the backfill of the first')

      let written = ''
      first.child.stdout!.on('data', (text) => (written += String(text)))
      first.child.kill(signal)
      await first.finished
      await filled(url, 40_000)
      const brought = (): number => new Set([...idsOf(written), ...idsOf(second.stdout)]).size
      await eventually(() => brought() === rows, { about: 'Every row', timeoutMs: 20_000 })
      assert.ok(idsOf(second.stdout).length > 0, 'the second had something to do')
      second.child.kill('SIGINT')
      const { code, stderr } = await second.finished
      assert.equal(code, 0, stderr)
    })
  }
}
