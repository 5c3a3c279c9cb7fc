/** Sends ready messages by the producer that the writer has, and as it does: one batch of a partition after the other. */
import { sendAll } from './ready-messages.mjs'

const dist = new URL('../../../dist/', import.meta.url)
const { openKafkajs } = await import(new URL('kafka/kafkajs-client.js', dist).href)
const { connectionOf } = await import(new URL('kafka/kafka-connection.js', dist).href)

const client = openKafkajs(connectionOf({ servers: process.env.BENCH_KAFKA }))
const producer = await client.openProducer()
const refused = (_message, error) => Promise.reject(error)
await sendAll((messages) => producer.send(process.env.BENCH_TOPIC, messages, refused), 1)
await producer.close()
await client.close()
