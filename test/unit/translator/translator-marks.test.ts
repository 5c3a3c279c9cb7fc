import assert from 'node:assert/strict'
import { test } from 'node:test'
import { translator } from '../../../src/translator/translator.ts'
import type { WalEvent } from '../../../src/wal/event.ts'
import type { Mark } from '../../../src/wal/schema-store.ts'
import { schemaLogEntry } from '../../support/log-entries.ts'
import { commit, entry, insert, markText, relationOf, store, users } from '../../support/translator-events.ts'

test('an entry is marked with the end of its commit, before the commit is handed on', async () => {
  const log: string[] = []
  let marking = (): void => undefined
  const marked = new Promise<void>((resolve) => (marking = resolve))
  const told = [schemaLogEntry({ tables: [users] }), schemaLogEntry({ tables: [users] })] as const
  const stage = translator({
    store: store({
      log,
      mark: (marks) => (log.push(markText(marks)), marked),
    }),
  })
  stage.on('data', (event: WalEvent) => log.push(event.kind))
  for (const event of [entry(told[0], 5n), entry(told[1], 5n), commit(5n)]) stage.write(event)
  await new Promise(setImmediate)
  await new Promise(setImmediate)
  assert.deepEqual(log, ['open', 'schema-change', 'schema-change', `mark ${told[0].id} 6, ${told[1].id} 6`])
  marking()
  stage.end(commit(7n))
  await new Promise((resolve) => stage.once('close', resolve))
  assert.deepEqual(log.slice(4), ['commit', 'commit', 'close'])
})

test('commits that come while marks are being written are marked together, and nothing overtakes them', async () => {
  const log: string[] = []
  const written: (() => void)[] = []
  const mark = (marks: readonly Mark[]): Promise<void> => {
    log.push(markText(marks))
    return new Promise((resolve) => written.push(resolve))
  }
  const stage = translator({ store: store({ mark }) })
  stage.on('data', (event: WalEvent) =>
    log.push(`${event.kind} ${'commitLsn' in event ? event.commitLsn : ''}`),
  )
  const told = Array.from({ length: 500 }, () => schemaLogEntry({ tables: [users] }))
  for (const [i, one] of told.entries()) {
    stage.write(entry(one, BigInt(10 * i)))
    stage.write(insert(relationOf('users', ['id', 'name']), BigInt(10 * i)))
    stage.write(commit(BigInt(10 * i)))
  }
  stage.write(insert(relationOf('users', ['id', 'name']), 5_000n))
  stage.end(commit(5_000n))
  const closed = new Promise((resolve) => stage.once('close', resolve))
  let rounds = 0
  for (; log.at(-1) !== 'commit 5000'; rounds++) {
    await new Promise((resolve) => setTimeout(resolve, 5))
    written.shift()?.()
  }
  await closed
  assert.ok(rounds < 100, `${rounds} rounds`)
  const expected = told.flatMap((_, i) => [`schema-change ${10 * i}`, `insert ${10 * i}`, `commit ${10 * i}`])
  const handedOn = log.filter((line) => !line.startsWith('mark'))
  assert.deepEqual(handedOn, [...expected, 'insert 5000', 'commit 5000'])
  for (const [i, { id }] of told.entries()) {
    const marked = log.findIndex((line) => line.includes(`${id} ${10 * i + 1}`))
    assert.ok(marked >= 0 && marked < log.indexOf(`commit ${10 * i}`), `the mark of entry ${i}`)
  }
})

test('a mark that fails ends the stream, and its commit is not handed on', async () => {
  const failing = store({ mark: () => Promise.reject(new Error('no right')) })
  const seen: string[] = []
  const stage = translator({ store: failing })
  stage.on('data', (event: WalEvent) => seen.push(event.kind))
  const failed = new Promise<Error>((resolve) => stage.once('error', resolve))
  for (const event of [entry(schemaLogEntry({ tables: [users] }), 5n), commit(5n), commit(6n)])
    stage.write(event)
  assert.match((await failed).message, /no right/)
  assert.deepEqual(seen, ['schema-change'])
})
