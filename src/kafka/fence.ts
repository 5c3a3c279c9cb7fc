import { PgstreamError } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { fromKafka, kafkaTypes } from './kafka-error.ts'
import type { KafkajsCluster, ProducerIdentity } from './kafkajs-cluster.ts'

/** What a cluster says that has no place for transactional ids, or does not let us use ours. */
const notAllowed = new Set(['TRANSACTIONAL_ID_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'])
const notThere = 'GROUP_COORDINATOR_NOT_AVAILABLE'
/** A coordinator that is elected, or makes its topic, is not there for some seconds. */
const longestWithoutMs = 30_000

/** What all fences of one client have found out. */
export class FenceState {
  withoutSince: number | null = null
  /** There is no coordinator: not asked for again, which takes seconds each time. */
  isHopeless = false
  hasWarned = false
}

export interface FenceOptions {
  readonly transactionalId?: string | undefined
  /** One of its own if not given. */
  readonly fences?: FenceState | undefined
  readonly logger: Logger
}

/**
 * Keeps out what an earlier process of the same stream still sends: it may have been killed, or cut off, with a request on its way
 * that arrives behind the first ones of its successor, and would put rows back to what they were.
 *
 * By Kafka's transactional ids, but without transactions: a producer that asks for the identity of such an id gets the next
 * epoch of the same producer id, and a partition refuses all older ones from its first batch on. Where a cluster does not
 * let us, nobody is kept out, with a warning.
 */
export class Fence {
  readonly #transactionalId: string | undefined
  readonly #logger: Logger
  readonly #state: FenceState
  /** Identities have epochs that mean something. */
  isUp = false

  constructor({ transactionalId, fences = new FenceState(), logger }: FenceOptions) {
    this.#transactionalId = transactionalId
    this.#state = fences
    this.#logger = logger
  }

  /** `leader`: who is asked for one without a fence. */
  async identity(cluster: KafkajsCluster, leader: number): Promise<ProducerIdentity> {
    if (this.#transactionalId === undefined || this.#state.isHopeless) {
      this.isUp = false
      return cluster.newIdentity(leader)
    }
    try {
      const identity = await cluster.nextIdentity(this.#transactionalId)
      this.isUp = true
      this.#state.withoutSince = null
      return identity
    } catch (error) {
      if (!this.#isToBeWithout(error)) throw error
      this.isUp = false
      this.#warn(error)
      return cluster.newIdentity(leader)
    }
  }

  #warn(cause: unknown): void {
    if (this.#state.hasWarned) return
    this.#state.hasWarned = true
    const doing = `Asking for the transactional id ${JSON.stringify(this.#transactionalId)}`
    this.#logger.warn(
      {},
      `${fromKafka(cause, doing).message} Writing without: the last request of a process that was killed may arrive behind what comes now. Allow the id, and see that Kafka has its topic __transaction_state`,
    )
  }

  #isToBeWithout(error: unknown): boolean {
    const types = kafkaTypes(error)
    if (types.some((type) => notAllowed.has(type))) return true
    if (!types.includes(notThere)) return false
    this.#state.withoutSince ??= performance.now()
    this.#state.isHopeless = performance.now() - this.#state.withoutSince > longestWithoutMs
    return this.#state.isHopeless
  }

  /** What a process that was succeeded ends with. */
  fenced(topic: string): PgstreamError {
    return new PgstreamError(
      'PGSTREAM_KAFKA_FENCED',
      `Another pgstream has begun to write the same changes to the topic ${JSON.stringify(topic)}.`,
    )
  }
}
