import { createRequire } from 'node:module'
import type { Kafka, KafkaConfig } from 'kafkajs'
import type { ProduceAnswer, ProduceRequest } from './produce-request.ts'
import { decodeProduceAnswer, encodeProduceRequest, produceKey, produceVersion } from './produce-request.ts'
import type { BatchIdentity } from './record-batch.ts'
import { KafkaSockets } from './kafka-sockets.ts'

/** Of kafkajs, as far as it is used here; its version is pinned, because this is its inside. */
interface Cluster {
  connect(): Promise<void>
  addTargetTopic(topic: string): Promise<void>
  refreshMetadataIfNecessary(): Promise<void>
  findTopicPartitionMetadata(topic: string): readonly { partitionId: number; leader: number }[]
  findBroker(which: { nodeId: number }): Promise<Broker>
}

interface Broker {
  readonly connectionPool: { send(request: object): Promise<ProduceAnswer> }
  initProducerId(of: object): Promise<{ producerId: string; producerEpoch: number }>
}

type ClusterConstructor = new (options: object) => Cluster

const require = createRequire(import.meta.url)

/** The brokers of a cluster as a producer needs them, by the connections of kafkajs: TLS, logins and all. */
export class KafkajsCluster {
  readonly #sockets = new KafkaSockets()
  readonly #cluster: Cluster

  /** Nothing is connected yet. */
  constructor(kafka: Kafka, config: KafkaConfig) {
    const Cluster = require('kafkajs/src/cluster/index.js') as ClusterConstructor
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
  async newIdentity(nodeId: number): Promise<Omit<BatchIdentity, 'sequence'>> {
    const broker = await this.#cluster.findBroker({ nodeId })
    const { producerId, producerEpoch } = await broker.initProducerId({ transactionTimeout: 60_000 })
    return { producerId: BigInt(producerId), producerEpoch }
  }

  async produce(nodeId: number, request: ProduceRequest): Promise<ProduceAnswer> {
    const broker = await this.#cluster.findBroker({ nodeId })
    const buffer = encodeProduceRequest(request)
    return broker.connectionPool.send({
      request: {
        apiKey: produceKey,
        apiVersion: produceVersion,
        apiName: 'Produce',
        // both names of what kafkajs calls an encoder
        encode: () => Promise.resolve({ buf: buffer, buffer }),
      },
      response: {
        decode: (payload: Buffer) => Promise.resolve(decodeProduceAnswer(payload)),
        parse: (answer: ProduceAnswer) => Promise.resolve(answer),
      },
    })
  }

  /** What is under way is rejected. */
  close(): void {
    this.#sockets.breakOff('the connection was given up')
  }
}

/** The error that kafkajs has for a code of the protocol. */
export function errorOfCode(code: number): Error {
  const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
    createErrorFromCode: (of: number) => Error
  }
  return createErrorFromCode(code)
}
