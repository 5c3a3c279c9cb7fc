import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MeasuredRun } from '../support/measured-run.ts'
import { postgresSources } from '../support/postgres.ts'
import { times } from '../support/soak.ts'
import { preparedDatabase } from '../support/source.ts'

const mebibyte = 1024 * 1024
/** What the command itself may take, beside what waits and what is being read. */
const base = 150 * mebibyte
const guard = 100 * mebibyte
const rowBytes = 200_000_000
/** One that waits, and one in hand. */
const rowsInMemory = 2
const rowsPerSecond = 2_000
const bulkRows = 1_000_000
/** All of them in a soak: that takes 500 s. */
const bulkRowsRead = times(20_000, bulkRows)
/** Only there the system tells how much memory another process had. */
const isLinux = process.platform === 'linux'

const megabytes = (bytes: number): string => `${Math.round(bytes / 1e6)} MB`

const sources = postgresSources().filter(({ major }) => major === 15)
/** Gigabytes go through the server, too. */
const options = { skip: !isLinux, timeout: 900_000 }

for (const source of sources) {
  const { label, plugin } = source
  const rows = plugin === 'pgoutput' ? 10 : times(2, 10)

  test(
    `${label}: ${rows} rows of 200 MB are read in the memory of ${rowsInMemory}`,
    options,
    async (context) => {
      await using database = await preparedDatabase(source)
      await database.query('create table large (id int primary key, body text)')
      for (let id = 10; id < 10 + rows; id++)
        await database.query(`insert into large values ($1, repeat('x', ${rowBytes}))`, [id])

      await using run = new MeasuredRun(database.url)
      await run.readsNoMore(rowBytes)
      const unread = await run.peakBytes()
      assert.ok(unread < base + rowsInMemory * rowBytes, `${megabytes(unread)} of memory when nobody reads`)
      await run.readLines(() => run.lines === 1 + rows)
      const peak = await run.peakBytes()
      context.diagnostic(`${megabytes(unread)} unread, ${megabytes(peak)} read, at most`)
      assert.ok(run.bytes > rows * rowBytes)
      assert.ok(peak < base + rowsInMemory * rowBytes, `${megabytes(peak)} of memory`)
    },
  )

  test(
    `${label}: a transaction of a million rows takes no more than the queue, when nobody reads and when ${rowsPerSecond} rows a second are read`,
    options,
    async (context) => {
      await using database = await preparedDatabase(source)
      await database.query('create table bulk (id int primary key, name text)')
      await database.query(`insert into bulk select i, 'name ' || i from generate_series(1, ${bulkRows}) i`)
      await using run = new MeasuredRun(database.url, {
        PGSTREAM_STDOUT_WRITER_MAX_QUEUE_BYTES: '100MiB',
      })
      await run.readsNoMore(5 * mebibyte)
      const unread = await run.peakBytes()
      const withTable = 1 + bulkRowsRead
      await run.readLines(() => run.lines >= withTable, rowsPerSecond)
      const peak = await run.peakBytes()
      context.diagnostic(
        `${megabytes(unread)} unread, ${megabytes(peak)} at most when ${run.lines} rows were read slowly`,
      )
      assert.ok(bulkRowsRead === bulkRows ? run.lines === withTable : run.lines < bulkRows)
      assert.ok(peak < base + guard, `${megabytes(peak)} of memory`)
    },
  )
}
