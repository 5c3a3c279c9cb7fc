import assert from 'node:assert/strict'
import { RunningCommand } from './command.ts'
import { fillTopic } from './fill-topic.ts'
import { kafkaServers } from './kafka.ts'
import { groupOffsets } from './kafka-offsets.ts'
import { eventually } from './wait.ts'

export interface KafkaReadersOptions {
  readonly topic: string
  readonly group: string
  readonly partitions: number
}

/** Members of one group, each a `pgstream run` from Kafka to its own stdout, of a topic that is fed with numbered rows. */
export class KafkaReaders implements AsyncDisposable {
  readonly #options: KafkaReadersOptions
  readonly #all: RunningCommand[] = []
  /** How many rows the topic has; their ids are 1, 2, … */
  fed = 0

  constructor(options: KafkaReadersOptions) {
    this.#options = options
  }

  async feed(messages: number): Promise<void> {
    const { topic, partitions } = this.#options
    const from = this.fed + 1
    this.fed += messages
    await fillTopic(kafkaServers(), topic, { messages, partitions, from })
  }

  start(): RunningCommand {
    const { topic, group } = this.#options
    const env = {
      PGSTREAM_KAFKA_SERVERS: kafkaServers().address.PLAINTEXT,
      PGSTREAM_KAFKA_TOPIC_NAME: topic,
      PGSTREAM_KAFKA_READER_CONSUMER_GROUP_ID: group,
      // a member that was killed is waited for so long
      PGSTREAM_KAFKA_READER_SESSION_TIMEOUT: '2s',
    }
    const reader = new RunningCommand(['run', '--stdout'], { env })
    this.#all.push(reader)
    return reader
  }

  async kill(reader: RunningCommand): Promise<void> {
    reader.child.kill('SIGKILL')
    await reader.finished
  }

  async stop(reader: RunningCommand): Promise<void> {
    reader.child.kill('SIGTERM')
    const { code, stderr } = await reader.finished
    // one that has said nothing yet was still loading, and has no handler for the signal
    if (stderr !== '') assert.equal(code, 0, stderr)
  }

  /** Whole lines of all processes, in the order of each. */
  get #ids(): number[] {
    return this.#all.flatMap(({ stdout }) =>
      stdout
        .split('\n')
        .slice(0, -1)
        .map((line) => idOf(line)),
    )
  }

  /** Lines so far, those that came again too. */
  get written(): number {
    return this.#all.reduce((sum, { stdout }) => sum + stdout.split('\n').length - 1, 0)
  }

  get missing(): number {
    return this.fed - new Set(this.#ids).size
  }

  /** Messages of all partitions. */
  async committed(): Promise<number> {
    const { topic, group } = this.#options
    const offsets = await groupOffsets(kafkaServers(), group, topic)
    return [...offsets.values()].reduce((sum, offset) => sum + Math.max(0, offset), 0)
  }

  /** What is committed was written before, by whoever read it. */
  async assertNothingAhead(): Promise<void> {
    const { topic, group, partitions } = this.#options
    const offsets = await groupOffsets(kafkaServers(), group, topic)
    // what was written may still be on its way to us
    await eventually(() => {
      const ids = new Set(this.#ids)
      for (const [partition, offset] of offsets) {
        for (let n = 0; n < offset; n++) {
          const id = n * partitions + (partition === 0 ? partitions : partition)
          assert.ok(
            ids.has(id),
            `offset ${offset} of partition ${partition} is committed, but row ${id} not written`,
          )
        }
      }
    })
  }

  /** Until something is true; fails early when a process ends by itself. */
  async until(look: () => boolean | Promise<boolean>): Promise<void> {
    await eventually(look, { every: 10, timeoutMs: 90_000, about: 'What the readers are to do' }).catch(
      (cause: unknown) => {
        throw new Error(this.#all.map(({ stderr }) => stderr.slice(-2_000)).join('\n'), { cause })
      },
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((reader) => reader[Symbol.asyncDispose]()))
  }
}

function idOf(line: string): number {
  const { columns } = JSON.parse(line) as { columns: readonly { value: unknown }[] }
  return Number(columns[0]!.value)
}
