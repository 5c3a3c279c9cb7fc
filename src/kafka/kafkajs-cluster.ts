import type { Socket } from 'node:net'
import type { Kafka, KafkaConfig } from 'kafkajs'
import type { ProduceAnswer, ProduceRequest } from './produce-request.ts'
import { decodeProduceAnswer, encodeProduceRequest, produceKey, produceVersion } from './produce-request.ts'
import type { BatchIdentity } from './record-batch.ts'
import { KafkaSockets } from './kafka-sockets.ts'
import { requireKafkajs } from './require-kafkajs.ts'

/** Of kafkajs, as far as it is used here; its version is pinned, because this is its inside. */
interface Cluster {
  connect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[]
  findBroker(which: { nodeId: number }): Promise<Broker>
  findGroupCoordinator(of: { groupId: string; coordinatorType: number }): Promise<Broker>
}

interface Broker {
  readonly connectionPool: {
    getConnectionByRequest(of: { request: { apiKey: number } }): Promise<Connection>
  }
  initProducerId(of: object): Promise<{ producerId: string; producerEpoch: number }>
}

interface Connection {
  readonly clientId: string
  readonly socket: Socket
  readonly requestQueue: {
    push(request: object): void
    maybeThrottle(ms: number): void
  }
  isAuthenticated(): boolean
  authenticate(): Promise<void>
  failIfNotConnected(): void
  nextCorrelationId(): number
}

const produce = { apiKey: produceKey, apiVersion: produceVersion, apiName: 'Produce' }

/** Of the protocol: what FindCoordinator is asked for. */
const coordinatorOfTransactions = 1

export type ProducerIdentity = Omit<BatchIdentity, 'sequence'>

type ClusterConstructor = new (options: object) => Cluster

/** The brokers of a cluster as a producer needs them, by the connections of kafkajs: TLS, logins and all. */
export class KafkajsCluster {
  readonly #sockets = new KafkaSockets()
  readonly #cluster: Cluster

  /** Nothing is connected yet. */
  constructor(kafka: Kafka, config: KafkaConfig) {
    const Cluster = requireKafkajs('kafkajs/src/cluster/index.js') as ClusterConstructor
    this.#cluster = new Cluster({
      ...config,
      logger: kafka.logger(),
      socketFactory: this.#sockets.factory,
      enforceRequestTimeout: true,
      metadataMaxAge: 300_000,
      allowAutoTopicCreation: false,
      maxInFlightRequests: null,
    })
  }

  async connect(): Promise<void> {
    await this.#cluster.connect()
  }

  /**
   * Which broker leads each partition of a topic.
   * @throws {Error} of kafkajs, also while a partition has no leader.
   */
  async leadersOf(topic: string): Promise<ReadonlyMap<number, number>> {
    await this.#cluster.addTargetTopic(topic)
    await this.#cluster.refreshMetadataIfNecessary()
    const partitions = this.#cluster.findTopicPartitionMetadata(topic)
    return new Map(partitions.map(({ partitionId, leader }) => [partitionId, leader]))
  }

  /** From the broker that leads a partition. */
  async newIdentity(nodeId: number): Promise<ProducerIdentity> {
    return identityFrom(await this.#cluster.findBroker({ nodeId }), {})
  }

  /** The same id again, with the next epoch: the broker refuses older ones then. No transaction is ever begun. */
  async nextIdentity(transactionalId: string): Promise<ProducerIdentity> {
    const of = { groupId: transactionalId, coordinatorType: coordinatorOfTransactions }
    return identityFrom(await this.#cluster.findGroupCoordinator(of), { transactionalId })
  }

  /** As `Connection.send` of kafkajs does it, which copies a request three times and clears as much memory. */
  async produce(nodeId: number, request: ProduceRequest): Promise<ProduceAnswer> {
    const broker = await this.#cluster.findBroker({ nodeId })
    const connection = await broker.connectionPool.getConnectionByRequest({ request: { apiKey: produceKey } })
    if (!connection.isAuthenticated()) await connection.authenticate()
    connection.failIfNotConnected()
    const { clientId, socket, requestQueue } = connection
    const correlationId = connection.nextCorrelationId()
    const parts = encodeProduceRequest(request, { correlationId, clientId })
    const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
      requestQueue.push({
        entry: { ...produce, correlationId, resolve, reject },
        expectResponse: true,
        sendRequest: () => {
          socket.cork()
          for (const part of parts) socket.write(part)
          socket.uncork()
        },
      })
    })
    const answer = decodeProduceAnswer(payload)
    requestQueue.maybeThrottle(answer.throttleMs)
    return answer
  }

  /** What is under way is rejected. */
  close(): void {
    this.#sockets.breakOff('the connection was given up')
  }
}

async function identityFrom(
  broker: Broker,
  which: { readonly transactionalId?: string },
): Promise<ProducerIdentity> {
  const { producerId, producerEpoch } = await broker.initProducerId({ ...which, transactionTimeout: 60_000 })
  return { producerId: BigInt(producerId), producerEpoch }
}

/** The error that kafkajs has for a code of the protocol. */
export function errorOfCode(code: number): Error {
  const { createErrorFromCode } = requireKafkajs('kafkajs/src/protocol/error.js') as {
    createErrorFromCode: (of: number) => Error
  }
  return createErrorFromCode(code)
}
