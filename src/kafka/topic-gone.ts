import { PgstreamError } from '../errors.ts'
import { saysUnknownTopic } from './kafka-error.ts'

/** For so long brokers may not know a topic that is there: one that starts, or that a partition moves to. */
const longestUnknownMs = 30_000

/** Tells a topic that was deleted while it was used from one that brokers do not know for a moment. */
export class TopicGone {
  #unknownSince: number | null = null

  /** What failed; instead of it, that the topic is gone, when nothing else was heard for 30 seconds. */
  judge(topic: string, error: PgstreamError): PgstreamError {
    if (!saysUnknownTopic(error)) {
      this.#unknownSince = null
      return error
    }
    this.#unknownSince ??= performance.now()
    if (performance.now() - this.#unknownSince < longestUnknownMs) return error
    const sentence = `The topic ${JSON.stringify(topic)} is not there any more.`
    return new PgstreamError('PGSTREAM_KAFKA_TOPIC', sentence, { cause: error })
  }

  /** It was written or read. */
  isThere(): void {
    this.#unknownSince = null
  }
}
