import type { KafkaBroker } from '../services/kafka-broker.ts'
import { startKafka } from './kafka.ts'
import { kafkaProxy } from './kafka-proxy.ts'
import type { KafkaProxy } from './kafka-proxy.ts'

/** A broker of a test's own, to which every client comes by way of a proxy. */
export interface FaultyKafka extends AsyncDisposable {
  readonly broker: KafkaBroker
  readonly proxy: KafkaProxy
}

export async function faultyKafka(settings: Readonly<Record<string, string>> = {}): Promise<FaultyKafka> {
  const proxy = await kafkaProxy()
  try {
    const broker = await startKafka({
      settings,
      advertise: (own) => {
        proxy.to(own.PLAINTEXT)
        return { PLAINTEXT: proxy.address }
      },
    })
    return {
      broker,
      proxy,
      [Symbol.asyncDispose]: async () => {
        await proxy[Symbol.asyncDispose]()
        await broker[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    await proxy[Symbol.asyncDispose]()
    throw error
  }
}
