import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { RunningCommand } from '../support/command.ts'
import { kafkaServers, temporaryTopic } from '../support/kafka.ts'
import { KafkaReaders } from '../support/kafka-readers.ts'
import { postgresServers } from '../support/postgres.ts'
import { seed, times } from '../support/soak.ts'
import { confirmedLsn, preparedDatabase } from '../support/source.ts'
import { watchTopic } from '../support/watch-topic.ts'
import { eventually } from '../support/wait.ts'
import { randomFrom } from '../support/workload/random.ts'
import { openHistory } from '../support/writers/history.ts'
import { LivesJudge } from '../support/writers/judge-lives.ts'
import { commitLastRow } from '../support/writers/last-row.ts'
import { startWriters } from '../support/writers/start-writers.ts'

const kills = times(8, 100)
const moments = ['while starting', 'while writing', 'just confirmed'] as const

test('killed while it writes to Kafka: every process has written an unbroken piece, and nothing is missing', async (context) => {
  await using database = await preparedDatabase(postgresServers()[0]!)
  await using topic = await temporaryTopic()
  await using watch = await watchTopic(topic.name)
  const history = await openHistory(database)
  const random = randomFrom(seed)
  const env = {
    PGSTREAM_KAFKA_SERVERS: kafkaServers().address.PLAINTEXT,
    PGSTREAM_KAFKA_TOPIC_NAME: topic.name,
    PGSTREAM_KAFKA_WRITER_BATCH_SIZE: '100',
  }
  const start = (): RunningCommand => new RunningCommand(['run', '--pgurl', database.url], { env })
  await using writers = await startWriters(database, {
    seed,
    mostBehind: 2_000,
    lastXid: () => watch.seen.at(-1)?.change.xid ?? null,
  })
  for (let n = 0; n < kills; n++) {
    const moment = moments[n % moments.length]!
    const before = watch.seen.length
    const confirmed = await confirmedLsn(database)
    await using command = start()
    if (moment === 'while starting') await pause(random.int(1_500))
    else {
      const enough = before + random.pick([1, 30, 300])
      const reached = async (): Promise<boolean> => {
        if (command.child.exitCode !== null) throw new Error(command.stderr)
        if (moment === 'while writing') return watch.seen.length >= enough
        return (await confirmedLsn(database)) > confirmed
      }
      await eventually(reached, { every: 1, timeoutMs: 60_000, about: `The moment ${moment}` })
    }
    command.child.kill('SIGKILL')
    await command.finished
  }
  await writers.stop()
  const last = await commitLastRow(database)
  await using command = start()
  const isThere = (): boolean => watch.seen.at(-1)?.change.xid === last
  await eventually(isThere, { timeoutMs: 60_000, about: 'The last row in the topic' })
  command.child.kill('SIGTERM')
  const { code, stderr } = await command.finished
  assert.equal(code, 0, stderr)

  const committed = await history.read()
  const judge = new LivesJudge(committed)
  let writer: string | null = null
  for (const { producer, change } of watch.seen) {
    if (writer !== null && producer !== writer) judge.end()
    writer = producer
    judge.line(change)
  }
  judge.end()
  const again = watch.seen.length - committed.length
  context.diagnostic(
    `${kills} kills, ${committed.length} changes, ${judge.pieces.length} processes wrote, ${again} changes came again`,
  )
  assert.deepEqual(judge.problems.found, [])
  assert.equal(judge.written, committed.length)
  assert.ok(judge.pieces.length > kills / 3, 'processes were killed while they wrote')
})

test('killed while it reads from Kafka: nothing is passed over, and nothing was committed that had not been written', async (context) => {
  await using topic = await temporaryTopic({ partitions: 2 })
  const group = `group-of-${randomBytes(6).toString('hex')}`
  await using readers = new KafkaReaders({ topic: topic.name, group, partitions: 2 })
  const random = randomFrom(seed)
  for (let n = 0; n < kills; n++) {
    await readers.feed(500)
    const enough = readers.written + random.pick([1, 50])
    const committed = await readers.committed()
    const reader = readers.start()
    const moment = moments[n % moments.length]!
    if (moment === 'while starting') await pause(random.int(1_500))
    else if (moment === 'while writing') await readers.until(() => readers.written > enough)
    else await readers.until(async () => (await readers.committed()) > committed)
    await readers.kill(reader)
    await readers.assertNothingAhead()
  }
  // something for the last one to do, lest it is stopped before it has started
  await readers.feed(500)
  const last = readers.start()
  await readers.until(() => readers.missing === 0)
  await readers.until(async () => (await readers.committed()) === readers.fed)
  await readers.stop(last)
  context.diagnostic(`${kills} kills, ${readers.fed} messages, ${readers.written} lines`)
})
